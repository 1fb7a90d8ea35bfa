"""The build side: friscy.toml, Dockerfiles, images, the ISA and its engines, and doit task generators."""

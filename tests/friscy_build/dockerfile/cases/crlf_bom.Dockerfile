#escape=\
FROM x
RUN a \
  b

COPY <<E /x
line
E
  # indented comment
	
CMD ["x"]
// GET /NAME greets, GET /version tells node's; POST gives back the SHA-256 of what was sent.
const http = require("http");
const crypto = require("crypto");

const server = http.createServer((request, response) => {
  if (request.method === "POST") {
    const hash = crypto.createHash("sha256");
    request.on("data", (part) => hash.update(part));
    request.on("end", () => response.end(hash.digest("hex")));
  } else {
    const name = request.url.slice(1);
    response.end(`hello ${name === "version" ? process.version : name} from node\n`);
  }
});
server.keepAliveTimeout = 600000; // clients are held for as long as a slow machine needs
server.listen({ port: 8000, backlog: 2000 });
process.on("SIGTERM", () => process.exit(0));

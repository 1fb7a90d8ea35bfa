// What the translator is to know of node: the server, and clients that keep their connections or do not.
require("./server.js");
const http = require("http");

function ask(options, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ port: 8000, ...options }, (answer) => {
      answer.resume();
      answer.on("end", resolve);
    });
    request.on("error", reject);
    if (body) for (let part = 0; part < 32; part++) request.write(body);
    request.end();
  });
}

async function main() {
  const keeping = new http.Agent({ keepAlive: true });
  for (const agent of [keeping, false]) {
    for (let count = 0; count < 40; count++) await ask({ path: "/you", agent });
    await Promise.all(Array.from({ length: 16 }, () => ask({ path: "/version", agent })));
    await ask({ method: "POST", path: "/", agent }, Buffer.alloc(65536, "x"));
  }
  process.kill(process.pid, "SIGTERM");
}
main();

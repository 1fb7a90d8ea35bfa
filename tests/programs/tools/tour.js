const cp = require('child_process'), { Worker } = require('worker_threads');
const fs = require("fs"), zlib = require("zlib"), crypto = require("crypto");
function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
console.log(fib(20), process.arch, [3, 1, 2].sort(), /(\d+)-(\w)/.exec('x 12-a').slice(1), JSON.stringify({ a: [1, { b: 2n.toString() }] }));
console.log(crypto.createHash('sha256').update('abc').digest('hex'), zlib.gunzipSync(zlib.gzipSync('text')).toString(), 0.1 + 0.2, Math.sin(1e10));
fs.writeFileSync('f', 'content'); console.log(fs.readFileSync('f', 'utf8'), fs.existsSync('g'));
async function files() { for await (const d of fs.createReadStream('f')) console.log(d.length); await new Promise(r => setTimeout(r, 10)); console.log('timer'); }

files().then(() => {
console.log(cp.execSync('echo child $((1 + 1))').toString());
cp.exec('exit 3', error => {
  console.log(error.code);
  new Worker('require("worker_threads").parentPort.postMessage(42)', { eval: true }).on('message', console.log);
});
});

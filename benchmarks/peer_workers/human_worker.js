// @vladmandic/human on node, in a process of its own: tasks as lines of JSON, answers likewise.
//
//     node human_worker.js FOLDER      with node_modules of FOLDER
//
// Run by benchmarks/peers.py. Node decodes neither clips nor photos by itself, so pictures come as
// raw bytes (RGB), and decoding is not in its times. The models are those of the npm package, and
// anything that is not a file is refused: nothing is fetched.
const fs = require('fs');
const path = require('path');
const readline = require('readline');

const modules = path.join(path.resolve(process.argv[2]), 'node_modules');
const wasmPath = path.join(modules, '@tensorflow/tfjs-backend-wasm/dist/');
const modelBasePath = `file://${path.join(modules, '@vladmandic/human/models/')}`;
const LABELS = ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'];

globalThis.fetch = async (what) => {
  const url = String(what.url || what);
  if (!url.startsWith('file://')) throw new Error(`not fetched: ${url}`);
  const type = url.endsWith('.json') ? 'application/json' : 'application/octet-stream';
  return new Response(fs.readFileSync(url.slice(7)), { headers: { 'Content-Type': type } });
};

const off = { enabled: false };
const config = {
  backend: 'wasm',
  wasmPath,
  modelBasePath,
  debug: false,
  cacheSensitivity: 0, // each frame is looked at, as by the others
  face: {
    enabled: true,
    detector: { rotation: false, maxDetected: 10 },
    mesh: off, iris: off, description: off, antispoof: off, liveness: off,
    emotion: { enabled: true, minConfidence: 0 },
  },
  body: off, hand: off, object: off, gesture: off, filter: off, segmentation: off,
};

async function read(human, rgb, width, height) {
  const picture = human.tf.tensor(rgb, [1, height, width, 3], 'int32');
  const result = await human.detect(picture);
  human.tf.dispose(picture);
  return result.face.map((face) => (face.emotion && face.emotion[0] ? face.emotion[0].emotion : ''));
}

async function pictures(human, task) {
  const size = task.width * task.height * 3;
  const file = fs.openSync(task.path, 'r');
  const labels = [];
  for (let number = 0; number < task.count; number++) {
    const rgb = new Uint8Array(size);
    fs.readSync(file, rgb, 0, size, number * size);
    labels.push(await read(human, rgb, task.width, task.height));
  }
  fs.closeSync(file);
  return labels;
}

async function faces(human, task) {
  const all = fs.readFileSync(task.path);
  const model = human.models.models.emotion;
  const labels = [];
  for (let first = 0; first < task.count; first += task.at_once) {
    const count = Math.min(task.at_once, task.count - first);
    const scores = human.tf.tidy(() => {
      const bytes = new Uint8Array(all.subarray(first * 2304, (first + count) * 2304));
      const gray = human.tf.tensor(bytes, [count, 48, 48, 1], 'float32');
      const large = human.tf.image.resizeBilinear(gray, [64, 64], false);
      return model.execute(human.tf.sub(human.tf.div(large, 127.5), 1));
    });
    const values = await scores.data();
    human.tf.dispose(scores);
    for (let face = 0; face < count; face++) {
      const row = Array.from(values.subarray(face * LABELS.length, (face + 1) * LABELS.length));
      labels.push(LABELS[row.indexOf(Math.max(...row))]);
    }
  }
  return labels;
}

async function main() {
  require(path.join(modules, '@tensorflow/tfjs-backend-wasm'));
  const { Human } = require(path.join(modules, '@vladmandic/human/dist/human.node-wasm.js'));
  const human = new Human(config);
  await human.load();
  const answer = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
  answer({ ready: true });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const task = JSON.parse(line);
    const start = process.hrtime.bigint();
    const before = process.cpuUsage();
    const labels = await (task.task === 'faces' ? faces : pictures)(human, task);
    const used = process.cpuUsage(before);
    answer({
      labels,
      seconds: Number(process.hrtime.bigint() - start) / 1e9,
      cpu_seconds: (used.user + used.system) / 1e6,
    });
  }
}

main().catch((error) => { process.stderr.write(`${error.stack}\n`); process.exit(1); });

// Node's child_process.fork: one-way|ping-pong COUNT SIZE prints messages a second or microseconds.
const { fork } = require('child_process');
const [what, count, size] = [process.argv[2], +process.argv[3], +process.argv[4]];

if (what === 'take') {
  let received = 0;
  process.on('message', () => {
    if (++received === count) process.send('done', () => process.disconnect());
  });
} else if (what === 'echo') {
  let echoed = 0;
  process.on('message', (message) => {
    process.send(message, () => { if (++echoed === count) process.disconnect(); });
  });
} else {
  const child = fork(__filename, [what === 'one-way' ? 'take' : 'echo', count]);
  const message = 'x'.repeat(size);
  const start = process.hrtime.bigint();
  const end = () => {
    const seconds = Number(process.hrtime.bigint() - start) / 1e9;
    console.log(what === 'one-way' ? count / seconds : (seconds / count) * 1e6);
  };
  let sent = 0;
  if (what === 'one-way') {
    const more = () => { while (sent < count) { sent += 1; if (!child.send(message, more)) return; } };
    child.on('message', end);
    more();
  } else {
    child.on('message', () => { if (++sent === count) end(); else child.send(message); });
    child.send(message);
  }
}

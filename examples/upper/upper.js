// A worker in Node: framed messages on two pipes; `pipeline` minds back-pressure, errors and the end.
// seq 5 | gipc run -- node examples/upper/upper.js
'use strict';
const { Socket } = require('node:net');
const { pipeline } = require('node:stream/promises');

const input = new Socket({ fd: Number(process.env.GIPC_IN ?? 3), readable: true, writable: false });
const output = new Socket({ fd: Number(process.env.GIPC_OUT ?? 4), readable: false, writable: true });

function upper(message) {
  const answer = Buffer.from(message);
  for (let i = 0; i < answer.length; i++) {
    if (answer[i] >= 0x61 && answer[i] <= 0x7a) answer[i] -= 0x20;
  }
  return answer;
}

// Where the first message of `bytes` starts and ends, as far as `bytes` tells.
function bounds(bytes) {
  if (bytes.length < 4) return { start: 4, end: 4 };
  const size = bytes.readUInt32BE(0);
  if (size !== 0xffffffff) return { start: 4, end: 4 + size };
  if (bytes.length < 12) return { start: 12, end: 12 };
  return { start: 12, end: 12 + Number(bytes.readBigUInt64BE(4)) };
}

async function* answers(chunks) {
  let parts = []; // read, but not yet a whole message
  let held = 0;
  let wanted = 4;
  for await (const chunk of chunks) {
    parts.push(chunk);
    held += chunk.length;
    if (held < wanted) continue;

    let rest = Buffer.concat(parts);
    const frames = [];
    for (;;) {
      const { start, end } = bounds(rest);
      wanted = end;
      if (rest.length < end) break;
      const answer = upper(rest.subarray(start, end));
      const header = Buffer.alloc(4);
      header.writeInt32BE(answer.length);
      frames.push(header, answer);
      rest = rest.subarray(end);
    }
    parts = [rest];
    held = rest.length;
    // All answers to what one read brought go out in one write.
    if (frames.length > 0) yield Buffer.concat(frames);
  }
  if (held > 0) throw new Error(`input ended inside a message, after ${held} bytes`);
}

// No process.exit() anywhere: it would drop answers that are not written yet.
pipeline(input, answers, output);

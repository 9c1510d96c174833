// How the two scripts are used without gipc: `node parent.js`. gipc.toml does the same.
const { fork } = require('node:child_process');

const ask = fork(`${__dirname}/ask.js`);
const square = fork(`${__dirname}/square.js`);

ask.on('message', (message) => square.send(message));
square.on('message', (message) => ask.send(message));
ask.on('exit', () => square.disconnect());

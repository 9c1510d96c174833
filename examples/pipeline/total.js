// Adds up what comes, and sends the sum when it is told that that was all.
let count = 0;
let sum = 0;

process.on('message', (message) => {
  if (message === 'end') {
    process.send({ count, sum });
  } else {
    count += 1;
    sum += message.square;
  }
});

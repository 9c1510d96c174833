// Answers each number with its square.
process.on('message', ({ number }) => process.send({ square: number * number }));

// Asks for the squares of 1 to 10, one after the other, and prints them.
let number = 1;

process.on('message', (answer) => {
  console.log(`${number} * ${number} = ${answer.square}`);
  number += 1;
  if (number <= 10) {
    process.send({ number });
  } else {
    process.disconnect();
  }
});

process.send({ number });

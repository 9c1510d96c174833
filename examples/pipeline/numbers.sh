# Writes a number on each line: each is a message.
for ((number = 1; number <= 1000; number++)); do
    echo "$number"
done
echo end

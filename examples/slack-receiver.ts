// Shows what a Slack channel would show: npx tsx examples/slack-receiver.ts [port]
import { createServer } from 'node:http';

interface Block {
  readonly text?: { readonly text: string };
  readonly fields?: readonly { readonly text: string }[];
}

const port = Number(process.argv[2] ?? 9000);

createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    response.end('ok');
    const message = JSON.parse(Buffer.concat(chunks).toString()) as { readonly blocks: Block[] };
    for (const { text, fields = [] } of message.blocks) {
      if (text !== undefined) console.log(`\n${text.text}`);
      for (const field of fields) console.log(`  ${field.text.replace('\n', ': ')}`);
    }
  });
}).listen(port, '127.0.0.1', () => console.log(`waiting for alerts on http://127.0.0.1:${port}`));

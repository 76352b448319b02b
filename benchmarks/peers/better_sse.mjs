// better-sse as its documentation shows it: a channel per name, a session per client; `POST /pub/<channel>` broadcasts.
import { createServer } from "node:http";

const { createChannel, createSession } = await import(process.env.BETTER_SSE);
const channels = new Map();

function channelOf(name) {
  if (!channels.has(name)) channels.set(name, createChannel());
  return channels.get(name);
}

createServer(async (request, response) => {
  const name = request.url.slice("/sub/".length);
  if (request.method === "GET") {
    channelOf(name).register(await createSession(request, response));
    return;
  }
  let body = "";
  for await (const piece of request) body += piece;
  channelOf(name).broadcast(JSON.parse(body), "generation_progress");
  response.end();
}).listen({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 4096 });

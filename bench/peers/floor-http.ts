import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Stack } from "../stack.ts";
import { listen } from "./listen.ts";
import { postJson } from "./post-json.ts";

/** The floor H: bare node:http with undici, and nothing else. */
const floorHttp: Stack = {
	name: "H: bare node:http + undici",
	http: { path: "/sum" },

	serve: () => listen(createServer(answer)),

	connect: async (address) => postJson(address),
};

export default floorHttp;

/** Answers a request. Both sum and concat use `+`. */
export async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
	const { a, b } = JSON.parse(await text(request)) as { a: number; b: number };
	const body = JSON.stringify({ v: a + b });
	response.writeHead(200, {
		"content-type": "application/json",
		"content-length": Buffer.byteLength(body),
	});
	response.end(body);
}

function text(request: IncomingMessage): Promise<string> {
	return new Promise((resolve, reject) => {
		let all = "";
		request.setEncoding("utf8");
		request.on("data", (part: string) => {
			all += part;
		});
		request.on("end", () => resolve(all));
		request.on("error", reject);
	});
}

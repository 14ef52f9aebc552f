import { Agent, createServer } from "node:http";
import { connectNodeAdapter, createConnectTransport } from "@connectrpc/connect-node";
import type { Stack } from "../stack.ts";
import { callConnect, connectRoutes } from "./connect-work.ts";
import { listen } from "./listen.ts";

const connectHttp1: Stack = {
	name: "Connect over HTTP/1.1",
	http: { path: "/bench.Add/Sum" },
	serve: () => listen(createServer(connectNodeAdapter({ routes: connectRoutes }))),
	async connect(address) {
		const agent = new Agent({ keepAlive: true });
		const transport = createConnectTransport({
			baseUrl: address,
			httpVersion: "1.1",
			nodeOptions: { agent },
		});
		return { ...(await callConnect(transport)), close: async () => agent.destroy() };
	},
};

export default connectHttp1;

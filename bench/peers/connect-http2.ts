import { createServer } from "node:http2";
import { connectNodeAdapter, createConnectTransport, Http2SessionManager } from "@connectrpc/connect-node";
import type { Stack } from "../stack.ts";
import { callConnect, connectRoutes } from "./connect-work.ts";
import { listen } from "./listen.ts";

/** Connect over HTTP/2, which its documentation recommends between servers. */
const connectHttp2: Stack = {
	name: "Connect over HTTP/2",
	serve: () => listen(createServer(connectNodeAdapter({ routes: connectRoutes }))),
	async connect(address) {
		const sessionManager = new Http2SessionManager(address);
		const transport = createConnectTransport({ baseUrl: address, httpVersion: "2", sessionManager });
		return { ...(await callConnect(transport)), close: async () => sessionManager.abort() };
	},
};

export default connectHttp2;

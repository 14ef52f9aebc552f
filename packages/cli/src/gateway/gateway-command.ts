import type { Command } from "../command/command.ts";
import { credentials, discovery } from "../command/common-options.ts";

/** `allium gateway` */
export const gatewayCommand: Command = {
	name: "gateway",
	summary: "Serve every registered service at one address, over HTTP, REST, streams and WebSockets.",
	arguments: [],
	options: {
		listen: {
			value: "host:port",
			summary: "The address to listen on. Default: that of PORT and ALLIUM_LISTEN, else 127.0.0.1:8080.",
		},
		expose: {
			value: "name",
			many: true,
			summary:
				"A service or service/method that may be called; may be repeated. Default: all, for callers on this machine.",
			completes: "services",
		},
		hosts: {
			value: "host",
			many: true,
			summary:
				"A host name that requests may use, such as api.example.com; may be repeated. Default: those of ALLIUM_HOSTS; on loopback, localhost only.",
		},
		cors: {
			value: "origin",
			many: true,
			summary: "An origin whose pages may call, or * for all; may be repeated.",
		},
		proxy: {
			value: "/path=url",
			many: true,
			summary: "Pass requests below a path on to a web service; may be repeated.",
		},
		credentials: {
			...credentials,
			summary:
				"Metadata for services whose guards ask for it before they describe themselves; may be repeated. Default: ALLIUM_CREDENTIALS.",
		},
		...discovery,
	},
	notes: [
		"On an address that others can reach, only what --expose lists is served, and without --expose the gateway does not start. On a loopback address, a request for another host than localhost is refused unless --hosts names that host. The page at / lists the services, with a command for each method.",
	],
	examples: [
		"allium gateway",
		"allium gateway --listen 0.0.0.0:80 --expose greeter --expose add/sum",
		"allium gateway --cors https://app.example.com --proxy /app=http://127.0.0.1:3000",
	],
	load: async () => (await import("./gateway.ts")).gateway,
};

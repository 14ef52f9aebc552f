import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { Context, type Endpoints, isServiceError } from "@allium/core";
import { Authority, type CertificatePair } from "@allium/node/certificates";
import {
	describeServer,
	rabbitServer,
	type ServerPlace,
	type ServerProcess,
	startServer,
} from "@allium/testing/servers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clientOf, listening } from "./calls/fixtures/lab.ts";
import { Stock, stock } from "./calls/fixtures/stock.ts";
import { transport } from "./calls/transport.ts";
import { broker } from "./rabbit-broker.ts";

const background = Context.background();
const dayMs = 86_400_000;

/** The uses of a RabbitMQ server. */
const uses: Readonly<Record<string, (url: string) => Promise<void>>> = {
	async events(url) {
		const open = await broker(url);
		await open.open("matches", { lanes: 1 }, background);
		await open.close();
	},
	async calls(url) {
		const calls = transport(url);
		await listening(calls, (endpoints: Endpoints) => endpoints.serve(Stock, stock()));
		const client = clientOf(Stock, calls, "amqp://allium-calls.allium");
		expect(await client.level({ item: "onion" })).toEqual({ count: 1 });
	},
};

describeServer("rabbitmq", (file) => {
	const [authority, stranger] = [Authority.create(), Authority.create()];
	/** Its certificate names `localhost` alone, and it asks for one of the client. */
	let server: ServerProcess;
	let expired: ServerProcess;
	/** The PEM files of clients. */
	let files: Readonly<Record<"ca" | "stranger" | "cert" | "key", string>>;
	let own: string;

	beforeAll(async () => {
		const [validFrom, validTo] = [new Date(Date.now() - 2 * dayMs), new Date(Date.now() - dayMs)];
		[server, expired] = await Promise.all([
			started(authority.issue({ name: "mq", names: ["localhost"] })),
			started(authority.issue({ name: "mq", names: ["127.0.0.1"], validFrom, validTo })),
		]);
		const service = authority.issue({ name: "shop", names: ["spiffe://default/shop"] });
		files = {
			ca: write(server.folder, "authority.pem", authority.pair.certificate),
			stranger: write(server.folder, "stranger.pem", stranger.pair.certificate),
			cert: write(server.folder, "service.pem", service.certificate),
			key: write(server.folder, "service.key", service.key),
		};
		own = `cert=${files.cert}&key=${files.key}`;
	});
	afterAll(async () => {
		await server?.close();
		await expired?.close();
	});

	function started(pair: CertificatePair): Promise<ServerProcess> {
		const plain = rabbitServer({ file });
		return startServer({
			...plain,
			ports: 3,
			args: (place) => {
				write(place.folder, "rabbitmq.conf", settings(place, pair));
				return plain.args(place);
			},
			// The port of TLS is opened after the other one.
			answers: async (place) => (await plain.answers(place)) && (await isOpen(place.ports[2])),
		});
	}

	function settings(
		{ folder, ports: [, , port] }: ServerPlace,
		{ certificate, key }: CertificatePair,
	): string {
		return `
listeners.ssl.1 = 127.0.0.1:${port}
ssl_options.certfile = ${write(folder, "server.pem", certificate)}
ssl_options.keyfile = ${write(folder, "server.key", key)}
ssl_options.cacertfile = ${write(folder, "ca.pem", authority.pair.certificate)}
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = true
`;
	}

	/** Uses a server, and tells how that ended. */
	async function used(use: (url: string) => Promise<void>, url: string): Promise<string> {
		try {
			await use(url);
			return "used";
		} catch (error) {
			return isServiceError(error) ? `${error.code}: ${error.message}` : String(error);
		}
	}

	const portOf = ({ ports: [, , port] }: ServerProcess): number => port ?? Number.NaN;
	const at = (host: string, query = ""): string => `amqps://guest:guest@${host}:${portOf(server)}/${query}`;

	describe.each(Object.entries(uses))("%s", (_name, use) => {
		test.each([
			["localhost", () => `?ca=${files.ca}&${own}`],
			["127.0.0.1", () => `?ca=${files.ca}&${own}&serverName=localhost`],
		])("a server with a certificate of the authority is reached at %s", async (host, query) => {
			expect(await used(use, at(host, query()))).toBe("used");
		});

		test.each([
			[
				"whose certificate is of another authority",
				() => at("localhost", `?ca=${files.stranger}&${own}`),
				/name the authority by ca$/,
			],
			["whose authority nobody named", () => at("localhost", `?${own}`), /name the authority by ca$/],
			[
				"whose certificate names another host",
				() => at("127.0.0.1", `?ca=${files.ca}&${own}`),
				/its certificate does not name 127\.0\.0\.1; give the name that it has by serverName/,
			],
			[
				"whose certificate has expired",
				() => `amqps://guest:guest@127.0.0.1:${portOf(expired)}/?ca=${files.ca}&${own}`,
				/its certificate has expired; give it a new one$/,
			],
			[
				"that asks for a certificate",
				() => at("localhost", `?ca=${files.ca}`),
				/it asks for a certificate of this process; give one that it trusts by cert and key$/,
			],
			[
				"without TLS",
				() => `amqps://guest:guest@127.0.0.1:${server.port}/?ca=${files.ca}`,
				/it does not speak TLS on this port; name another port, or write amqp:\/\/ to go without$/,
			],
		])("a server %s is refused in one sentence", async (_, url, sentence) => {
			const said = await used(use, url());
			expect(said).toMatch(/^failed_precondition: RabbitMQ at \S+ cannot be used over TLS: /);
			expect(said).toMatch(sentence);
		});

		test("who comes without TLS to the port that wants it is told so", async () => {
			expect(await used(use, `amqp://guest:guest@127.0.0.1:${portOf(server)}/`)).toMatch(/write amqps:\/\//);
		});
	});
});

function write(folder: string, name: string, text: string): string {
	const path = join(folder, name);
	writeFileSync(path, text, { mode: 0o600 });
	return path;
}

/** Whether something listens on a port of this machine. */
function isOpen(port: number | undefined): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect(port ?? 0, "127.0.0.1");
		socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
		socket.once("connect", () => socket.destroy());
	});
}

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Context, isServiceError } from "@allium/core";
import { Authority } from "@allium/node/certificates";
import {
	consulServer,
	describeServer,
	type ServerPlace,
	type ServerProcess,
	startServer,
} from "@allium/testing/servers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { instance } from "./fixtures/instance.ts";
import { registry } from "./index.ts";

describeServer("consul", (file) => {
	const authority = Authority.create();
	let server: ServerProcess;
	let port: number;
	/** The PEM files in the folder of the server. */
	let files: Readonly<Record<"ca" | "serverCert" | "serverKey" | "cert" | "key", string>>;
	let withCertificate: string;

	beforeAll(async () => {
		const plain = consulServer({ file });
		server = await startServer({
			...plain,
			ports: 6,
			args: (place) => {
				files = write(place);
				withCertificate = `?ca=${files.ca}&cert=${files.cert}&key=${files.key}`;
				port = place.ports[5] ?? Number.NaN;
				return [...plain.args(place), ...tlsArguments()];
			},
			answers: async () => (await opened(withCertificate)) === "0 instances",
		});
	});
	afterAll(() => server.close());

	function write({ folder }: ServerPlace): typeof files {
		const own = authority.issue({ name: "consul", names: ["127.0.0.1"] });
		const service = authority.issue({ name: "shop", names: ["spiffe://default/shop"] });
		const file = (name: string, text: string): string => {
			const path = join(folder, name);
			writeFileSync(path, text, { mode: 0o600 });
			return path;
		};
		return {
			ca: file("ca.pem", authority.pair.certificate),
			serverCert: file("server.pem", own.certificate),
			serverKey: file("server.key", own.key),
			cert: file("service.pem", service.certificate),
			key: file("service.key", service.key),
		};
	}

	function tlsArguments(): string[] {
		const { ca, serverCert, serverKey } = files;
		const settings = {
			ports: { https: port },
			ca_file: ca,
			cert_file: serverCert,
			key_file: serverKey,
			verify_incoming_https: true,
		};
		return ["-hcl", JSON.stringify(settings)];
	}

	/** What comes of asking for all instances. */
	async function opened(query: string, at = port): Promise<string> {
		try {
			const open = await registry(`consul+tls://127.0.0.1:${at}${query}`);
			try {
				return `${(await open.list()).length} instances`;
			} finally {
				await open.close();
			}
		} catch (error) {
			return isServiceError(error) ? `${error.code}: ${error.message}` : String(error);
		}
	}

	test("a server with TLS that checks certificates is reached with a certificate of its authority", async () => {
		const open = await registry(`consul+tls://127.0.0.1:${port}${withCertificate}`);
		const lease = await open.register(instance("1"), Context.background());
		expect(await open.list()).toHaveLength(1);
		await lease.release();
		await open.close();
	});

	test("a watch over TLS hears of changes", async () => {
		const open = await registry(`consul+tls://127.0.0.1:${port}${withCertificate}`);
		const watch = open.watch({ service: "cart" }, Context.background());
		await watch[Symbol.asyncIterator]().next();
		const lease = await open.register(instance("1"), Context.background());
		expect(await watch[Symbol.asyncIterator]().next()).toMatchObject({ value: { type: "up" } });
		await lease.release();
		await open.close();
	});

	test.each([
		[
			"whose authority is not known",
			() => "",
			/^failed_precondition: the certificate .* is not trusted .*: name its authority with \?ca=…/,
		],
		[
			"that asks for a certificate",
			() => `?ca=${files.ca}`,
			/^failed_precondition: .* refused this process for its certificate .*: give one that it trusts with \?cert=…&key=…/,
		],
	])("a server %s is refused in one sentence", async (_, query, sentence) => {
		expect(await opened(query())).toMatch(sentence);
	});

	test("a server without TLS is refused where TLS is asked for", async () => {
		await using without = await startServer(consulServer({ file }));
		expect(await opened(`?ca=${files.ca}`, without.port)).toContain(
			'if it does not speak TLS, leave out "+tls"',
		);
	});
});

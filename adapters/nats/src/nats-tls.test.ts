import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isServiceError } from "@allium/core";
import { Authority } from "@allium/node/certificates";
import { describeServer, natsServer, type ServerProcess, startServer } from "@allium/testing/servers";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { registry } from "./index.ts";

for (const version of ["nats-2.9", "nats-2.10"] as const) {
	describeServer(version, (file) => {
		const authority = Authority.create();
		let server: ServerProcess;
		let files: { readonly ca: string; readonly cert: string; readonly key: string };
		let close: (() => Promise<void>) | undefined;

		beforeAll(async () => {
			const own = authority.issue({ name: "broker", names: ["127.0.0.1"] });
			const service = authority.issue({ name: "shop", names: ["spiffe://default/shop"] });
			const plain = natsServer({ file });
			server = await startServer({
				...plain,
				args: ({ ports: [port], folder }) => {
					const write = (name: string, text: string): string => {
						const path = join(folder, name);
						writeFileSync(path, text);
						return path;
					};
					const ca = write("ca.pem", authority.pair.certificate);
					const [cert, key] = [write("s.pem", own.certificate), write("s.key", own.key)];
					files = { ca, cert: write("c.pem", service.certificate), key: write("c.key", service.key) };
					return [
						...["-a", "127.0.0.1", "-p", String(port), "-js", "-sd", folder],
						...["--tlsverify", `--tlscert=${cert}`, `--tlskey=${key}`, `--tlscacert=${ca}`],
					];
				},
			});
		});
		afterEach(async () => {
			await close?.();
			close = undefined;
		});
		afterAll(() => server.close());

		async function opened(query: string, scheme = "nats+tls"): Promise<string> {
			try {
				const open = await registry(`${scheme}://127.0.0.1:${server.port}${query}`);
				close = () => open.close();
				return `${(await open.list()).length} instances`;
			} catch (error) {
				return isServiceError(error) ? `${error.code}: ${error.message}` : String(error);
			}
		}

		test("a server with TLS that checks certificates is reached with a certificate of its authority", async () => {
			expect(await opened(`?ca=${files.ca}&cert=${files.cert}&key=${files.key}`)).toBe("0 instances");
			await close?.();
			expect(await opened(`?ca=${files.ca}&cert=${files.cert}&key=${files.key}`, "nats")).toBe("0 instances");
		});

		test.each([
			[
				"whose authority is not known",
				"",
				/nobody who is trusted here issued its certificate .* name the authority by ca/,
			],
			[
				"that asks for a certificate",
				"ca",
				/^(failed_precondition|unavailable): .*give cert and key|by cert and key/,
			],
		])("a server %s is refused in one sentence", async (_, given, sentence) => {
			expect(await opened(given === "" ? "" : `?ca=${files.ca}`)).toMatch(sentence);
		});

		test("a server without TLS is refused where TLS is asked for", async () => {
			await using without = await startServer(natsServer({ file }));
			const failure = await registry(`nats+tls://127.0.0.1:${without.port}`).catch((error: unknown) => error);
			expect(String(failure)).toContain("has no TLS; write nats:// to go without");
		});
	});
}

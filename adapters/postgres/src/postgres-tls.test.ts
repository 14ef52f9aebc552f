import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isServiceError } from "@allium/core";
import { Authority, type CertificatePair } from "@allium/node/certificates";
import {
	describeServer,
	postgresServer,
	type ServerPlace,
	type ServerProcess,
	startServer,
} from "@allium/testing/servers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { postgresPorts } from "./postgres-ports.ts";

const dayMs = 86_400_000;

describeServer("postgres", (file) => {
	const [authority, stranger] = [Authority.create(), Authority.create()];
	/** Its certificate names `localhost` alone, and it takes nobody without TLS, nor the user `guarded` without a certificate. */
	let server: ServerProcess;
	let expired: ServerProcess;
	/** The PEM files of clients. */
	let files: Readonly<Record<"ca" | "stranger" | "cert" | "key", string>>;

	beforeAll(async () => {
		server = await started(authority.issue({ name: "db", names: ["localhost"] }));
		const [validFrom, validTo] = [new Date(Date.now() - 2 * dayMs), new Date(Date.now() - dayMs)];
		expired = await started(authority.issue({ name: "db", names: ["127.0.0.1"], validFrom, validTo }));
		const service = authority.issue({ name: "guarded", names: ["spiffe://default/shop"] });
		files = {
			ca: write(server.folder, "authority.pem", authority.pair.certificate),
			stranger: write(server.folder, "stranger.pem", stranger.pair.certificate),
			cert: write(server.folder, "service.pem", service.certificate),
			key: write(server.folder, "service.key", service.key),
		};
	});
	afterAll(async () => {
		await server.close();
		await expired.close();
	});

	function started(pair: CertificatePair): Promise<ServerProcess> {
		const plain = postgresServer({ file });
		return startServer({ ...plain, args: (place) => [...plain.args(place), ...settings(place, pair)] });
	}

	/** Whether somebody is let in depends on TLS, and for one user on a certificate. */
	function settings({ folder }: ServerPlace, { certificate, key }: CertificatePair): string[] {
		const rules = "hostssl all guarded all cert\nhostssl all postgres all trust\n";
		const given = {
			ssl: "on",
			ssl_cert_file: write(folder, "server.pem", certificate),
			ssl_key_file: write(folder, "server.key", key),
			ssl_ca_file: write(folder, "ca.pem", authority.pair.certificate),
			hba_file: write(folder, "hba.conf", rules),
		};
		return Object.entries(given).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
	}

	/** The outcome of opening the log, as text. */
	async function opened(url: string): Promise<string> {
		try {
			const { log, state } = await postgresPorts(url);
			await Promise.all([log.close(), state.close()]);
			return "opened";
		} catch (error) {
			return isServiceError(error) ? `${error.code}: ${error.message}` : String(error);
		}
	}

	const at = (scheme: string, host: string, query = "", user = "postgres"): string =>
		`${scheme}://${user}@${host}:${server.port}/postgres${query}`;

	test.each([
		["postgres+tls", "localhost", () => `?ca=${files.ca}`],
		["postgres+tls", "127.0.0.1", () => `?ca=${files.ca}&serverName=localhost`],
		["postgres", "localhost", () => `?sslmode=verify-full&ca=${files.ca}`],
		["postgres", "127.0.0.1", () => "?sslmode=require"],
	])("a server with a certificate of the authority is reached at %s://%s", async (scheme, host, query) => {
		expect(await opened(at(scheme, host, query()))).toBe("opened");
	});

	test("a server that asks for a certificate is reached with one of its authority", async () => {
		const query = `?ca=${files.ca}&cert=${files.cert}&key=${files.key}&schema=public`;
		// The user has no rights; what matters here is who lets it in.
		expect(await opened(at("postgres+tls", "localhost", query, "guarded"))).toMatch(
			/role "guarded" does not exist/,
		);
	});

	test.each([
		[
			"is of another authority",
			() => at("postgres+tls", "localhost", `?ca=${files.stranger}`),
			/name the authority by ca$/,
		],
		[
			"is of an authority that nobody named",
			() => at("postgres+tls", "localhost"),
			/name the authority by ca$/,
		],
		[
			"names another host",
			() => at("postgres+tls", "127.0.0.1", `?ca=${files.ca}`),
			/its certificate does not name 127\.0\.0\.1; give the name that it has by serverName/,
		],
		[
			"has expired",
			() => `postgres+tls://postgres@127.0.0.1:${expired.port}/postgres?ca=${files.ca}`,
			/its certificate has expired; give it a new one$/,
		],
	])("a server whose certificate %s is refused in one sentence", async (_, url, sentence) => {
		const said = await opened(url());
		expect(said).toMatch(/^failed_precondition: PostgreSQL at \S+ cannot be used over TLS: /);
		expect(said).toMatch(sentence);
	});

	test("who comes without TLS to a server that wants it is told so", async () => {
		expect(await opened(at("postgres", "127.0.0.1"))).toMatch(
			/^failed_precondition: .* lets this user in over TLS alone; write postgres\+tls:\/\/ /,
		);
	});

	test("who comes without the certificate that the server asks for is told so", async () => {
		expect(await opened(at("postgres+tls", "localhost", `?ca=${files.ca}`, "guarded"))).toMatch(
			/^failed_precondition: .* asks for a certificate of this process; give one that it trusts by cert and key /,
		);
	});
});

/** Writes a file that the user of the server may read, and nobody else: a private key has to be so. */
function write(folder: string, name: string, text: string): string {
	const path = join(folder, name);
	writeFileSync(path, text, { mode: 0o600 });
	if (process.getuid?.() === 0) execFileSync("chown", ["postgres", path]);
	return path;
}

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Context, isServiceError, type Registry } from "@allium/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { instance } from "./registry/cart-instance.ts";
import { type ServerOptions, type ServerProcess, startServer } from "./servers/server-process.ts";

/** Issues certificates, as `Authority` of `@allium/node/certificates` does. */
export interface CertificateIssuer {
	/** Its own certificate, as PEM. */
	readonly pair: { readonly certificate: string };
	issue(options: { readonly name: string; readonly names: readonly string[] }): {
		readonly certificate: string;
		readonly key: string;
	};
}

/** PEM files: of the authority, of the server, and of a service that calls the server. */
export interface TlsFiles {
	readonly ca: string;
	readonly serverCert: string;
	readonly serverKey: string;
	/** The key and the certificate of the server in one file. */
	readonly serverPair: string;
	readonly cert: string;
	readonly key: string;
}

/** A registry whose server takes TLS at one of its ports, and none at its first one. */
export interface RegistryTlsSetup {
	/** The scheme of its URLs, such as `consul`. */
	readonly scheme: string;
	readonly registry: (url: string) => Promise<Registry>;
	readonly authority: CertificateIssuer;
	/** How to run the server. It asks its clients for a certificate of the authority. */
	readonly server: (files: TlsFiles) => ServerOptions;
	/** Which of its ports takes TLS. */
	readonly tlsPort: number;
	/** The error if this process shows no certificate, after `failed_precondition: `. */
	readonly withoutCertificate: RegExp;
	/** The error if TLS is asked for and the server does not speak it. */
	readonly withoutTls: RegExp;
	/** The error if the server accepts only TLS and the URL does not ask for it. */
	readonly tlsAlone: RegExp;
}

const background = Context.background();

/**
 * The conformance suite of a registry over TLS. It declares Vitest tests: the server and this process prove who they
 * are, and each way in which that fails is reported in one sentence.
 */
export function registryTlsSuite(setup: RegistryTlsSetup): void {
	describe(`registry over TLS: ${setup.scheme}`, () => {
		const lab = new TlsLab(setup);
		beforeAll(() => lab.begin());
		afterAll(() => lab.end());
		useTests(lab);
		refusalTests(lab, setup);
	});
}

/** The server of the tests, and its certificates. */
class TlsLab {
	readonly #setup: RegistryTlsSetup;
	#folder = "";
	#server: ServerProcess | undefined;
	#tlsPort = Number.NaN;
	files: TlsFiles | undefined;

	constructor(setup: RegistryTlsSetup) {
		this.#setup = setup;
	}

	async begin(): Promise<void> {
		this.#folder = mkdtempSync(join(tmpdir(), "allium-tls-"));
		const files = this.#written();
		this.files = files;
		const options = this.#setup.server(files);
		this.#server = await startServer({
			...options,
			args: (place) => {
				this.#tlsPort = place.ports[this.#setup.tlsPort] ?? Number.NaN;
				return options.args(place);
			},
			answers: async () => (await this.listing(this.url(this.withCertificate))) === "0 instances",
		});
	}

	async end(): Promise<void> {
		await this.#server?.close();
		rmSync(this.#folder, { recursive: true, force: true });
	}

	/** The query of a URL with the certificate of this process. */
	get withCertificate(): string {
		const { ca, cert, key } = this.files ?? expect.unreachable();
		return `?ca=${ca}&cert=${cert}&key=${key}`;
	}

	/** A URL that asks for TLS. */
	url(query: string, port: number = this.#tlsPort): string {
		return `${this.#setup.scheme}+tls://127.0.0.1:${port}${query}`;
	}

	/** The port at which the server takes no TLS. */
	get plainPort(): number {
		return this.#server?.port ?? expect.unreachable();
	}

	open(): Promise<Registry> {
		return this.#setup.registry(this.url(this.withCertificate));
	}

	/** Lists all instances. Returns their number, or the error as a text. */
	async listing(url: string): Promise<string> {
		try {
			const registry = await this.#setup.registry(url);
			try {
				return `${(await registry.list()).length} instances`;
			} finally {
				await registry.close();
			}
		} catch (error) {
			return isServiceError(error) ? `${error.code}: ${error.message}` : String(error);
		}
	}

	#written(): TlsFiles {
		const { authority } = this.#setup;
		const server = authority.issue({ name: "server", names: ["127.0.0.1"] });
		const service = authority.issue({ name: "shop", names: ["spiffe://default/shop"] });
		const file = (name: string, text: string): string => {
			const path = join(this.#folder, name);
			writeFileSync(path, text, { mode: 0o600 });
			return path;
		};
		return {
			ca: file("ca.pem", authority.pair.certificate),
			serverCert: file("server.pem", server.certificate),
			serverKey: file("server.key", server.key),
			serverPair: file("server-pair.pem", server.key + server.certificate),
			cert: file("service.pem", service.certificate),
			key: file("service.key", service.key),
		};
	}
}

function useTests(lab: TlsLab): void {
	test("a server that checks certificates is reached with a certificate of its authority", async () => {
		const registry = await lab.open();
		const lease = await registry.register(instance("1", { namespace: "default" }), background);
		expect(await registry.list()).toHaveLength(1);
		await lease.release();
		await registry.close();
	});

	test("a watch hears of changes", async () => {
		const registry = await lab.open();
		const events = registry.watch({ service: "cart" }, background)[Symbol.asyncIterator]();
		await events.next();
		const lease = await registry.register(instance("1", { namespace: "default" }), background);
		expect(await events.next()).toMatchObject({ value: { type: "up" } });
		await lease.release();
		await registry.close();
	});
}

function refusalTests(lab: TlsLab, { withoutCertificate, withoutTls, tlsAlone }: RegistryTlsSetup): void {
	test("a server whose authority is not known is refused", async () => {
		const { cert, key } = lab.files ?? expect.unreachable();
		expect(await lab.listing(lab.url(`?cert=${cert}&key=${key}`))).toMatch(
			/^failed_precondition: .* nobody who is trusted here issued its certificate .*; name the authority by ca$/,
		);
	});

	test("a server that asks for a certificate says so", async () => {
		const refusal = await lab.listing(lab.url(`?ca=${lab.files?.ca}`));
		expect(refusal).toMatch(/^failed_precondition: .*; give one that it trusts by cert and key$/);
		expect(refusal).toMatch(withoutCertificate);
	});

	test("a server without TLS is refused where TLS is asked for", async () => {
		expect(await lab.listing(lab.url(`?ca=${lab.files?.ca}`, lab.plainPort))).toMatch(withoutTls);
	});

	test("a server that takes TLS alone is refused where none is asked for", async () => {
		expect(await lab.listing(lab.url("").replace("+tls", ""))).toMatch(tlsAlone);
	});
}

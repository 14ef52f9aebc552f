import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";
import type { Outside } from "./outside.ts";
import type { Tarball } from "./tarballs.ts";

/**
 * An npm registry with the packages of this repository as they would be published. For all other packages it redirects
 * npm to the registry that this machine uses. So `npm install allium` works there as it will for every user.
 */
export class NpmRegistry implements AsyncDisposable {
	readonly #server: Server;

	private constructor(server: Server) {
		this.#server = server;
	}

	static async start(outside: Outside, tarballs: readonly Tarball[]): Promise<NpmRegistry> {
		const others = (await outside.npm(["config", "get", "registry"], outside.folder)).trim();
		const files = new Map(tarballs.map(({ file }) => [`/-/${basename(file)}`, file]));
		const packages = new Map(tarballs.map((tarball) => [`/${tarball.name}`, tarball]));
		const server = createServer((request, response) => {
			const path = decodeURIComponent(request.url ?? "");
			const file = files.get(path);
			const tarball = packages.get(path);
			if (file !== undefined) response.end(readFileSync(file));
			else if (tarball !== undefined)
				response.end(JSON.stringify(documentOf(tarball, `http://${request.headers.host}`)));
			else response.writeHead(302, { location: new URL(`.${request.url}`, others).href }).end();
		});
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
		return new NpmRegistry(server);
	}

	get url(): string {
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		const closed = once(this.#server, "close");
		this.#server.close();
		this.#server.closeAllConnections();
		await closed;
	}
}

/** The registry's answer to npm about a package. */
function documentOf({ name, file, manifest }: Tarball, url: string): unknown {
	const { version = "" } = manifest;
	const integrity = `sha512-${createHash("sha512").update(readFileSync(file)).digest("base64")}`;
	const dist = { tarball: `${url}/-/${basename(file)}`, integrity };
	return { name, "dist-tags": { latest: version }, versions: { [version]: { ...manifest, dist } } };
}

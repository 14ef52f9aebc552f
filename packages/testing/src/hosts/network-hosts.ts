import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

/** Whether this process may make network namespaces: on Linux, as root, with the command `ip`. */
export function canMakeHosts(): boolean {
	if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
	return ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip"].some((file) => existsSync(file));
}

/** A host of a test: a network namespace with one address. */
export interface NetworkHost {
	readonly name: string;
	/** Its IPv4 address, which only the hosts of the same network reach. */
	readonly address: string;
	/**
	 * Words to put before a command so that it runs on this host. The process that starts is the program itself, so
	 * signals reach it.
	 */
	readonly via: readonly string[];
	/** Cuts the host off: all packets from and to it are lost silently. Its processes continue. */
	cut(): void;
	/** Connects the host again. */
	heal(): void;
}

/**
 * Several hosts on one machine: network namespaces, joined by a bridge in a further namespace, so that no packet leaves
 * them. They reach one another and nothing else. Disposing the object removes them; end their processes first.
 *
 * @example
 * using hosts = NetworkHosts.create(["one", "two"]);
 * await using greeter = await ServiceProcess.start("greeter.ts", { via: hosts.host("one").via });
 */
export class NetworkHosts implements Disposable {
	readonly #hosts = new Map<string, NetworkHost>();
	readonly #spaces: string[] = [];

	/**
	 * Makes the hosts. The first has the address 10.77.0.1, the next 10.77.0.2, and so on.
	 *
	 * @throws Error if this process may not: see `canMakeHosts`.
	 */
	static create(names: readonly string[]): NetworkHosts {
		if (!canMakeHosts()) throw new Error("hosts are network namespaces: they need Linux, root and iproute2");
		const hosts = new NetworkHosts();
		try {
			hosts.#make(names);
			return hosts;
		} catch (error) {
			hosts[Symbol.dispose]();
			throw error;
		}
	}

	/** @throws Error for a host that was not made. */
	host(name: string): NetworkHost {
		const host = this.#hosts.get(name);
		if (host === undefined)
			throw new Error(`there is no host ${name}; there are ${[...this.#hosts.keys()].join(", ")}`);
		return host;
	}

	[Symbol.dispose](): void {
		for (const space of this.#spaces.splice(0)) ip("netns", "delete", space);
		this.#hosts.clear();
	}

	#make(names: readonly string[]): void {
		const bridge = this.#space("bridge");
		ip("-n", bridge, "link", "add", "bridge", "type", "bridge");
		ip("-n", bridge, "link", "set", "bridge", "up");
		for (const [index, name] of names.entries()) {
			const space = this.#space(name);
			const address = `10.77.0.${index + 1}`;
			const port = `port${index}`;
			ip("-n", bridge, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", space);
			ip("-n", bridge, "link", "set", port, "master", "bridge", "up");
			ip("-n", space, "address", "add", `${address}/24`, "dev", "eth0");
			ip("-n", space, "link", "set", "lo", "up");
			ip("-n", space, "link", "set", "eth0", "up");
			this.#hosts.set(name, {
				name,
				address,
				via: ["ip", "netns", "exec", space],
				cut: () => ip("-n", bridge, "link", "set", port, "nomaster"),
				heal: () => ip("-n", bridge, "link", "set", port, "master", "bridge"),
			});
		}
	}

	/** Makes a namespace whose name no other process uses. */
	#space(name: string): string {
		const space = `allium-${process.pid}-${this.#spaces.length}-${name}`;
		ip("netns", "add", space);
		this.#spaces.push(space);
		return space;
	}
}

function ip(...args: readonly string[]): void {
	execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
}

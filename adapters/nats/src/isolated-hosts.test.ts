import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { canMakeHosts, type NetworkHost, NetworkHosts } from "@allium/testing/hosts";
import { ServiceProcess } from "@allium/testing/process";
import { describeServer, natsServer, startServer } from "@allium/testing/servers";
import { describe, expect, test, vi } from "vitest";

const program = join(import.meta.dirname, "fixtures/app.ts");
const isRequired = (process.env.ALLIUM_TEST_REQUIRE ?? "").split(",").includes("hosts");

/** Runs a small program on a host, and returns its output. */
function on(host: NetworkHost, script: string): string {
	const [command = "", ...args] = host.via;
	return execFileSync(command, [...args, process.execPath, "-e", script], { encoding: "utf8" });
}

/** The status with which a port of a host answers a POST from that host, or why it does not. */
function post(host: NetworkHost, url: string): string {
	return on(
		host,
		`fetch("${url}", { method: "POST", headers: { "content-type": "application/json" }, body: "{}" })
			.then(({ status }) => status, ({ cause }) => cause?.code).then((said) => process.stdout.write(String(said)))`,
	);
}

/** Lets a host lose everything that it sends to another. */
function separate(host: NetworkHost, other: NetworkHost): void {
	const [command = "", ...args] = host.via;
	execFileSync(command, [...args, "ip", "route", "add", "blackhole", other.address]);
}

describeServer("nats-2.9", (file) => {
	describe.skipIf(!canMakeHosts() && !isRequired)(
		"hosts that reach the NATS server, but not each other",
		() => {
			test("call each other over it", async () => {
				using hosts = NetworkHosts.create(["broker", "one", "two"]);
				const [broker, one, two] = [hosts.host("broker"), hosts.host("one"), hosts.host("two")];
				separate(one, two);
				separate(two, one);
				const connects = (port: number | undefined): string =>
					on(one, `require("net").connect(${port}, "${broker.address}").on("connect", () => process.exit())`);
				await using server = await startServer({
					...natsServer({ file, host: "0.0.0.0" }),
					via: broker.via,
					answers: async ({ ports: [port] }) => connects(port) === "",
				});
				const url = `nats://${broker.address}:${server.port}`;
				const env = {
					ALLIUM_REGISTRY: url,
					ALLIUM_TRANSPORT: url,
					NODE_OPTIONS: "--conditions=@allium/source",
				};
				const start = (host: NetworkHost, ...args: string[]): Promise<ServiceProcess> =>
					ServiceProcess.start(program, { args, env: { ...env, PORT: "4000" }, via: host.via });
				await using _left = await start(one, "left", "right");
				await using _right = await start(two, "right", "left");
				expect(post(one, `http://${two.address}:4000/right/greet`)).not.toBe("200");
				const own = (host: NetworkHost, method: string): string =>
					post(host, `http://${host.address}:4000/${method}`);
				await vi.waitFor(() => expect(own(one, "left/ask")).toBe("200"), { timeout: 60_000, interval: 50 });
				await vi.waitFor(() => expect(own(two, "right/ask")).toBe("200"), { timeout: 60_000, interval: 50 });
			});
		},
	);
});

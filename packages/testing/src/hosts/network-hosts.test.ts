import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { ServiceProcess } from "../service-process.ts";
import { canMakeHosts, type NetworkHost, NetworkHosts } from "./network-hosts.ts";

const isRequired = (process.env.ALLIUM_TEST_REQUIRE ?? "").split(",").includes("hosts");
const onHosts = test.skipIf(!canMakeHosts() && !isRequired);

const server = new URL("fixtures/address-server.ts", import.meta.url).pathname;

/**
 * Asks one host from another. The answer is the address of the caller as the other host sees it.
 *
 * @param patienceMs How long to wait for it, in milliseconds. Default: as long as a busy machine needs.
 */
function ask(from: NetworkHost, to: NetworkHost, patienceMs = 60_000): string {
	const [command = "", ...args] = from.via;
	const program = `fetch("http://${to.address}:4000", { signal: AbortSignal.timeout(${patienceMs}) })
		.then((response) => response.text()).catch(() => "no answer").then((text) => process.stdout.write(text))`;
	return execFileSync(command, [...args, process.execPath, "-e", program], { encoding: "utf8" });
}

onHosts(
	"hosts reach one another by addresses of their own, a cut one does not, and a healed one does again",
	async () => {
		using hosts = NetworkHosts.create(["one", "two", "three"]);
		const [one, two, three] = [hosts.host("one"), hosts.host("two"), hosts.host("three")];
		await using _ = await ServiceProcess.start(server, { via: one.via });
		expect([ask(two, one), ask(three, one)]).toEqual([two.address, three.address]);
		two.cut();
		expect([ask(two, one, 300), ask(three, one)]).toEqual(["no answer", three.address]);
		two.heal();
		await expect.poll(() => ask(two, one)).toBe(two.address);
	},
);

onHosts("hosts do not reach this machine, and are gone when they are disposed of", () => {
	const spaces = (): string => execFileSync("ip", ["netns", "list"], { encoding: "utf8" });
	{
		using hosts = NetworkHosts.create(["alone"]);
		expect(spaces()).toContain(`allium-${process.pid}-`);
		const [command = "", ...args] = hosts.host("alone").via;
		const routes = execFileSync(command, [...args, "ip", "route"], { encoding: "utf8" });
		expect(routes.trim().split("\n")).toEqual([expect.stringMatching(/^10\.77\.0\.0\/24 dev eth0 /)]);
	}
	expect(spaces()).not.toContain(`allium-${process.pid}-`);
});

onHosts("an unknown host is an error that names the others", () => {
	using hosts = NetworkHosts.create(["one"]);
	expect(() => hosts.host("two")).toThrow("there is no host two; there are one");
});

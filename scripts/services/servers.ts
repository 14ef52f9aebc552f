import type { ServerName } from "@allium/testing/servers";

/** The source of a server. */
export type Source =
	/** Packages that are unpacked into a folder of the workspace. */
	| {
			readonly kind: "unpacked";
			readonly suite: "bullseye" | "bookworm" | "trixie" | "forky";
			readonly packages: readonly string[];
	  }
	/** Packages that are installed on the machine, because their programs need libraries of their own. */
	| { readonly kind: "installed"; readonly packages: readonly string[] };

/** The servers that tests need. All come from Debian. */
export const servers: Readonly<Record<ServerName, Source>> = {
	"nats-2.9": { kind: "unpacked", suite: "bookworm", packages: ["nats-server"] },
	"nats-2.10": { kind: "unpacked", suite: "trixie", packages: ["nats-server"] },
	"nats-2.15": { kind: "unpacked", suite: "forky", packages: ["nats-server"] },
	// The last version under the Mozilla Public License.
	consul: { kind: "unpacked", suite: "bullseye", packages: ["consul"] },
	etcd: { kind: "unpacked", suite: "bookworm", packages: ["etcd-server"] },
	"etcd-3.5": { kind: "unpacked", suite: "trixie", packages: ["etcd-server"] },
	dnsmasq: { kind: "installed", packages: ["dnsmasq-base"] },
	named: { kind: "installed", packages: ["bind9", "bind9-dnsutils"] },
	postgres: { kind: "installed", packages: ["postgresql"] },
	rabbitmq: { kind: "installed", packages: ["rabbitmq-server"] },
	redis: { kind: "installed", packages: ["redis-server"] },
	zookeeper: { kind: "installed", packages: ["default-jre-headless", "zookeeper"] },
};

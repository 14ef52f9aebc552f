/** Real servers in tests: `@allium/testing/servers`. */

export { describeServer } from "./describe-server.ts";
export { type HttpDouble, httpDouble } from "./http-double.ts";
export {
	consulServer,
	etcdServer,
	type KnownServerOptions,
	natsServer,
	type PostgresServerOptions,
	postgresServer,
	rabbitServer,
	redisServer,
	type ZooKeeperServerOptions,
	zookeeperServer,
} from "./known-servers.ts";
export {
	freePorts,
	type ServerOptions,
	type ServerPlace,
	ServerProcess,
	startServer,
} from "./server-process.ts";
export { isServerRequired, type ServerName, serverProgram, serversFolder } from "./server-program.ts";

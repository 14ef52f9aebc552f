import type { Running } from "./system.ts";

const json = "-H 'content-type: application/json'";
const token = "-H 'authorization: Bearer token-ann'";

/** The id of a match that is to be tried. */
const match = "5f0c7a51-3c1e-4f6a-9d34-2f1b8a6e0c19";

/** The commands to try for each example, given the address of the gateway and the example's own. */
const tries: Readonly<Record<string, (gateway: string, own: string) => string[]>> = {
	greeter: (gateway) => [`curl ${gateway}/greeter/hello ${json} -d '{"name":"John"}'`],
	stats: (_, own) => [`curl ${own}/metrics`],
	addsvc: () => [`npx allium call add sum '{"a":1,"b":2}'`],
	drones: (gateway) => [
		`curl ${gateway}/api/cmds/telemetry ${json} -d '{"drone_id":"d1","battery":72,"uptime":6941,"core_temp":21}'`,
		`curl ${gateway}/api/cmds/alerts ${json} -d '{"drone_id":"d1","fault_code":12,"description":"rotor 2 is loose"}'`,
		`curl ${gateway}/drones/d1/lastTelemetry`,
		`curl ${gateway}/drones/d1/lastAlert`,
	],
	webhooks: (gateway) => [
		`curl ${gateway}/webhooks ${json} ${token} -d '{"account_id":"acc_ann","url":"http://127.0.0.1:9000/hook"}'`,
		`curl ${gateway}/transactions ${json} ${token} -d '{"account_id":"acc_ann","amount":-350,"description":"tea"}'`,
		`curl '${gateway}/webhooks?account_id=acc_ann' ${token}`,
	],
	myevents: (gateway) => [
		`curl ${gateway}/events ${json} -d '{"name":"opera aida","startdate":1800000000,"enddate":1800007200,"duration":120,"location":{"name":"West Street Opera House","address":"11 West Street","country":"U.S.A.","opentime":7,"closetime":20}}'`,
		`curl ${gateway}/events/name/opera%20aida`,
		`curl ${gateway}/events/…/bookings ${json} -d '{"seats":2}'    # with the id of the event; then look at it again`,
	],
	gogo: (gateway) => [
		`curl -X PUT ${gateway}/matches/${match} ${json} -d '{"gridsize":9,"players":[{"color":"black","name":"ann"},{"color":"white","name":"bob"}]}'`,
		`curl ${gateway}/matches/${match}/moves ${json} -d '{"player":"black","position":{"x":4,"y":4}}'`,
		`curl ${gateway}/matches/${match}/board`,
		`npx allium streams show matches/${match}`,
	],
	fluxcraft: (gateway) => [
		`curl ${gateway}/games ${json} -d '{"id":"g1","island":"ridge"}'`,
		`curl -N -G ${gateway}/reality/watch -H 'accept: text/event-stream' --data-urlencode 'input={"id":"g1"}'    # in a terminal of its own`,
		`curl ${gateway}/games/g1/join ${json} -d '{"player":"ann","name":"Ann"}'`,
		`curl ${gateway}/games/g1/move ${json} -d '{"player":"ann","direction":"south"}'`,
		`curl ${gateway}/games/g1`,
	],
	bank: (gateway) => [
		`curl ${gateway}/payments ${json} -d '{"id":"pay-1","card":"card-ann","amount":420,"merchant":"COFFEE AND CO LONDON"}'`,
		`curl ${gateway}/accounts/ann`,
		`curl ${gateway}/accounts/ann/feed`,
		`curl ${gateway}/transfers ${json} -d '{"id":"t-1","from":"ann","to":"ben","amount":500}'`,
		`curl ${gateway}/transfers/t-1`,
		`curl -X POST ${gateway}/cards/card-ann/freeze    # and pay again, with another id; then unfreeze`,
		`curl -N -G ${gateway}/api/follow -H 'accept: text/event-stream' --data-urlencode 'input={"account":"ann","after":0}'`,
		`npx allium call apns receive '{"account":"ann","after":0}'`,
	],
};

/** Returns the addresses of everything, and commands to type into another terminal. */
export function thingsToTry(running: readonly Running[]): string[] {
	const width = Math.max(...running.map(({ process }) => process.label.length));
	const places = running.map(({ process, url }) => `  ${process.label.padEnd(width)}  ${url}`);
	const urlOf = (example: string) => running.find(({ process }) => process.example === example)?.url ?? "";
	const gateway = urlOf("gateway");
	const examples = new Set(running.map(({ process }) => process.example));
	const commands = [...examples].flatMap((example) => tries[example]?.(gateway, urlOf(example)) ?? []);
	return [
		"",
		"Everything is up:",
		...places,
		"",
		"Try, in another terminal in this folder:",
		...[...commands, "npx allium services"].map((command) => `  ${command}`),
		...(gateway === "" ? [] : ["", `And in a browser, all services with their methods: ${gateway}`]),
		"",
		"Ctrl-C stops it all.",
		"",
	];
}

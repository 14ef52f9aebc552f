// Measures how soon bare node:http answers. It reports its address when it is ready, and the processor time that this
// took when it ends.
import { createServer } from "node:http";

const server = createServer((request, response) => {
	let body = "";
	request.setEncoding("utf8");
	request.on("data", (/** @type {string} */ part) => {
		body += part;
	});
	request.on("end", () => {
		const { a, b } = JSON.parse(body);
		response.setHeader("content-type", "application/json");
		response.end(JSON.stringify({ v: a + b }));
	});
});
server.listen(0, "127.0.0.1", () => {
	const address = server.address();
	if (typeof address === "object") console.log(`http://127.0.0.1:${address?.port}/sum`);
});
process.stdin.resume().on("end", () => {
	console.log(JSON.stringify(process.cpuUsage()));
	server.close();
});

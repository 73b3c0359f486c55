// Package rest is the HTTP door: a wire format in front of api.Service.
//
// A walk:
//
//	routes             the one table {method, path, function, handler}; what is not in it is not served (LAW 5)
//	Server.admit       X-Request-Id → authenticate 401 → freshness 503 → tenant 403, before any route is looked at
//	 (echo's router)   404, 405
//	Server.serve       the route's function 403 → the body's size 413 → the rate 429 → the handler: the body's shape 400 → the service
//	rows, lines        a query's answer as JSON or NDJSON: rows are appended as the service encoded them
//	problem            every refusal as application/problem+json; the codes' statuses are the service's table
//
// Invariants: no path is answered without a live key, unknown ones included; a JSON answer is whole or its connection is
// broken; an NDJSON answer ends with a summary or an error or is cut off; nothing a client sends is read beyond the bound.
//
// It must never decide who may do what, never evaluate, and never know what lies below the service.
package rest

package parse

import "strings"

// refusal says why a clause or command of other dialects is refused and what to do instead.
type refusal struct{ name, hint string }

// refusals are the words that start a clause or command that Nexus knows and refuses by name.
var refusals = map[string]refusal{
	"USE":       {"USE", "name the database in the request"},
	"LOAD":      {"LOAD CSV", "send rows as a parameter and UNWIND them, or use the ingest route"},
	"ALTER":     {"ALTER", "databases and tenants are managed through the HTTP interface"},
	"GRANT":     {"GRANT", "permissions belong to keys, which are managed through the HTTP interface"},
	"DENY":      {"DENY", "permissions belong to keys, which are managed through the HTTP interface"},
	"REVOKE":    {"REVOKE", "permissions belong to keys, which are managed through the HTTP interface"},
	"RENAME":    {"RENAME", ""},
	"TERMINATE": {"TERMINATE", "queries are ended through the HTTP interface"},
	"START":     {"START", "use MATCH"},
	"STOP":      {"STOP", ""},
	"INSERT":    {"INSERT", "use CREATE"},
	"FINISH":    {"FINISH", "leave it out: a query may end with an updating clause"},
	"FILTER":    {"FILTER", "use WITH … WHERE"},
	"LET":       {"LET", "use WITH"},
	"CYPHER":    {"the CYPHER prefix", "leave it out: there is one version"},
	"BEGIN":     {"BEGIN", "transactions are opened through the HTTP interface"},
	"COMMIT":    {"COMMIT", "transactions are ended through the HTTP interface"},
	"ROLLBACK":  {"ROLLBACK", "transactions are ended through the HTTP interface"},
	"PERIODIC":  {"PERIODIC COMMIT", "send rows in batches"},
	"USING":     {"USING", "planner hints are not needed: leave it out"},
}

// schemaRefusals are the words after CREATE, DROP and SHOW that are refused by name.
var schemaRefusals = map[string]string{
	"DATABASE": databaseHint, "DATABASES": databaseHint, "ALIAS": databaseHint, "ALIASES": databaseHint, "COMPOSITE": databaseHint,
	"USER": keyHint, "USERS": keyHint, "ROLE": keyHint, "ROLES": keyHint, "PRIVILEGE": keyHint, "PRIVILEGES": keyHint,
	"BTREE": rangeHint, "TEXT": rangeHint, "POINT": rangeHint, "FULLTEXT": rangeHint, "VECTOR": rangeHint,
	"LOOKUP": "labels and types are always indexed", "OR": "use IF NOT EXISTS",
	"UNIQUE": "write CREATE CONSTRAINT … FOR (n:Label) REQUIRE n.key IS UNIQUE", "FUNCTION": "", "FUNCTIONS": "",
	"PROCEDURE": "", "PROCEDURES": "", "SERVER": "", "SERVERS": "", "TRANSACTION": "", "TRANSACTIONS": "", "SETTINGS": "",
	"SETTING": "", "CURRENT": keyHint, "DEFAULT": databaseHint, "HOME": databaseHint, "SUPPORTED": "", "ALL": "",
}

const (
	databaseHint = "databases are managed through the HTTP interface (/databases)"
	keyHint      = "keys and permissions are managed through the HTTP interface"
	rangeHint    = "CREATE INDEX makes a range index"
)

// refuseClause notes an error if the next token starts a clause that is refused by name.
func (p *parser) refuseClause() {
	t := p.peek()
	if t.kind != kindName {
		return
	}
	r, ok := refusals[strings.ToUpper(p.text[t.start:t.end])]
	if ok {
		p.unsupported(r.name, r.hint)
	}
}

// refuseSchema notes an error if the token n after the next one makes this a command that is refused by name.
func (p *parser) refuseSchema(verb string, n int) bool {
	t := p.peekAt(n)
	if t.kind != kindName {
		return false
	}
	word := strings.ToUpper(p.text[t.start:t.end])
	hint, ok := schemaRefusals[word]
	if ok {
		p.unsupported(verb+" "+word, hint)
	}
	return ok
}

// unsupported refuses by name what stands at the next token.
func (p *parser) unsupported(name, hint string) {
	p.fail(detailUnsupported, name+" is not supported", hint)
}

package rest

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hivellm/nexus/api/apitest"
)

// BenchmarkDoor_LocalRead is one point read through the whole door, without a network.
func BenchmarkDoor_LocalRead(b *testing.B) {
	benchmarkCypher(b, `{"query":"RETURN $x AS x","params":{"x":1},"consistency":"local"}`)
}

// BenchmarkDoor_Create is one durable create on a single node, one client after the other.
func BenchmarkDoor_Create(b *testing.B) {
	benchmarkCypher(b, `{"query":"CREATE (p:Person) RETURN 1 AS x"}`)
}

func benchmarkCypher(b *testing.B, body string) {
	cluster := apitest.Start(b, 1)
	cluster.Operator(b, cluster.Nodes[0])
	_, key := cluster.Tenant(b, "bench")
	server, err := New(Config{Service: cluster.Nodes[0].Service})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		request := httptest.NewRequest("POST", "/cypher", strings.NewReader(body))
		request.Header.Set("Authorization", "Bearer "+key)
		recorder := httptest.NewRecorder()
		server.Handler().ServeHTTP(recorder, request)
		if recorder.Code != 200 {
			b.Fatal(recorder.Body.String())
		}
	}
}

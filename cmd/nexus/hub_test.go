package main

import (
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// hubCall STATUS METHOD URL [KEYFILE|- [BODY]]: calls a development hub, at first until it listens, and writes the
// answer to the file "answer".
func hubCall(ts *testscript.TestScript, _ bool, arguments []string) {
	body, key := "", ""
	if len(arguments) > 3 && arguments[3] != "-" {
		key = strings.TrimSpace(ts.ReadFile(arguments[3]))
	}
	if len(arguments) > 4 {
		body = arguments[4]
	}
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for deadline := time.Now().Add(awaitPatience); ; <-look.C {
		sent, err := http.NewRequest(arguments[1], arguments[2], strings.NewReader(body))
		ts.Check(err)
		if key != "" {
			sent.Header.Set("Authorization", "Bearer "+key)
		}
		got, err := http.DefaultClient.Do(sent)
		if err != nil {
			if time.Now().Before(deadline) {
				continue
			}
			ts.Fatalf("the hub does not answer: %v", err)
		}
		text, err := io.ReadAll(got.Body)
		_ = got.Body.Close()
		ts.Check(err)
		if strconv.Itoa(got.StatusCode) != arguments[0] {
			ts.Fatalf("status %d %s, wanted %s", got.StatusCode, text, arguments[0])
		}
		ts.Check(os.WriteFile(ts.MkAbs("answer"), text, 0o600))
		return
	}
}

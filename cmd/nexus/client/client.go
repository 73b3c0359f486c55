package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/tenancy"
)

const (
	// dialTimeout bounds the search at one address.
	dialTimeout = 3 * time.Second
	// maxAnswerBytes bounds an answer that is held whole.
	maxAnswerBytes = 1 << 30
	// retryPause stands between two rounds over the addresses.
	retryPause = 200 * time.Millisecond
	// MaxAddresses bounds the addresses that are tried.
	MaxAddresses = 64
)

// Options say whom to talk to and as whom.
type Options struct {
	// Addresses are host:port or URLs, tried in turn.
	Addresses []string
	Key       tenancy.Secret
	// CAFile is the authority of the nodes' HTTP certificates; "" = the machine's.
	CAFile string
	// Patience is how long a call that every node refused for now (503: it did not happen) is tried again.
	Patience time.Duration
}

// Client talks to a cluster. Safe for concurrent use.
type Client struct {
	bases    []string
	key      tenancy.Secret
	patience time.Duration
	http     *http.Client
}

// Unreachable says that no address answered.
type Unreachable struct{ Tried []error }

// Error implements error.
func (u *Unreachable) Error() string {
	return fmt.Sprintf("no node can be reached: %v", errors.Join(u.Tried...))
}

// Interrupted says that the connection broke after the request was sent: what became of it is unknown.
type Interrupted struct{ Cause error }

// Error implements error.
func (i *Interrupted) Error() string {
	return fmt.Sprintf("the connection broke before the answer: whether it was done is unknown (%v)", i.Cause)
}

// New makes a client. It does not connect.
func New(o Options) (*Client, error) {
	if len(o.Addresses) == 0 || len(o.Addresses) > MaxAddresses {
		return nil, fmt.Errorf("1 to %d addresses are needed, not %d", MaxAddresses, len(o.Addresses))
	}
	transport := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout: dialTimeout,
		MaxIdleConnsPerHost: 4,
		IdleConnTimeout:     30 * time.Second,
		ForceAttemptHTTP2:   true,
	}
	if o.CAFile != "" {
		pem, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read the authority's certificate: %w", err)
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", o.CAFile)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	c := &Client{key: o.Key, patience: o.Patience, http: &http.Client{Transport: transport}}
	for _, address := range o.Addresses {
		base, err := baseOf(address)
		if err != nil {
			return nil, err
		}
		c.bases = append(c.bases, base)
	}
	return c, nil
}

// With is a client that tries more addresses after its own, host:port; they speak what its first one speaks.
func (c *Client) With(addresses []string) (*Client, error) {
	scheme, _, _ := strings.Cut(c.bases[0], "://")
	more := *c
	more.bases = slices.Clone(c.bases)
	for _, address := range addresses {
		base, err := baseOf(scheme + "://" + address)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(more.bases, base) && len(more.bases) < MaxAddresses {
			more.bases = append(more.bases, base)
		}
	}
	return &more, nil
}

// baseOf is an address as the beginning of a URL; without a scheme it is http.
func baseOf(address string) (string, error) {
	text := address
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" {
		return "", fmt.Errorf("%q is not an address such as 127.0.0.1:15474 or https://host:15474", address)
	}
	return strings.TrimRight(text, "/"), nil
}

// Raw is a body that is sent as it is.
type Raw []byte

// Do sends one call to the first address that takes it and returns the whole answer, trying again while its patience
// lasts. in is the body, nil for none: a Raw, or a value that is sent as JSON.
// Errors: a [*Problem], an [*Unreachable], an [*Interrupted], or the context's.
func (c *Client) Do(ctx context.Context, method, path string, in any) ([]byte, error) {
	body, err := contentOf(in)
	if err != nil {
		return nil, err
	}
	for until := time.Now().Add(c.patience); ; {
		answer, err := c.round(ctx, method, path, body)
		var refused *Problem
		if !errors.As(err, &refused) || !refused.elsewhere() || time.Now().Add(retryPause).After(until) {
			return answer, err
		}
		timer := time.NewTimer(retryPause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, context.Cause(ctx)
		}
	}
}

// content is a body and what it is.
type content struct {
	bytes     []byte
	mediaType string
	header    http.Header // besides
}

// Message is a JSON body that is sent as it is, with headers of its own.
type Message struct {
	Body   []byte
	Header http.Header
}

func contentOf(in any) (*content, error) {
	switch in := in.(type) {
	case nil:
		return nil, nil
	case Raw:
		return &content{in, "application/octet-stream", nil}, nil
	case Message:
		return &content{in.Body, "application/json", in.Header}, nil
	}
	encoded, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("encode the request: %w", err)
	}
	return &content{encoded, "application/json", nil}, nil
}

// round tries each address once.
func (c *Client) round(ctx context.Context, method, path string, body *content) ([]byte, error) {
	var tried []error
	var refused *Problem
	for _, base := range c.bases {
		answer, err := c.once(ctx, method, base+path, body)
		var problem *Problem
		switch {
		case err == nil:
			return answer, nil
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case errors.As(err, &problem) && problem.elsewhere():
			refused = problem
		case errors.As(err, &problem):
			return nil, problem
		case !untaken(err) && method != http.MethodGet:
			return nil, &Interrupted{err}
		}
		tried = append(tried, err)
	}
	if refused != nil {
		return nil, refused
	}
	return nil, &Unreachable{tried}
}

// Into is Do with the answer decoded into out.
func (c *Client) Into(ctx context.Context, method, path string, in, out any) error {
	answer, err := c.Do(ctx, method, path, in)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("the answer of %s %s is not as promised: %w", method, path, err)
	}
	return nil
}

func (c *Client) once(ctx context.Context, method, target string, body *content) ([]byte, error) {
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body.bytes)
	}
	request, err := http.NewRequestWithContext(ctx, method, target, reader)
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}
	request.Header.Set("Accept", "application/json")
	if body != nil {
		request.Header.Set("Content-Type", body.mediaType)
		maps.Copy(request.Header, body.header)
	}
	if !c.key.IsZero() {
		request.Header.Set("Authorization", "Bearer "+c.key.Reveal())
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswerBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the answer: %w", err)
	case len(answer) > maxAnswerBytes:
		return nil, fmt.Errorf("the answer is larger than %d bytes", maxAnswerBytes)
	case response.StatusCode >= 400:
		return answer, problemOf(response, answer)
	}
	return answer, nil
}

// untaken tells whether a call definitely did not reach its node.
func untaken(err error) bool {
	var operation *net.OpError
	return errors.As(err, &operation) && operation.Op == "dial"
}

// Problem is a refusal as the cluster answered it.
type Problem struct {
	Title    string   `json:"title"`
	Status   int      `json:"status"`
	Detail   string   `json:"detail"`
	Instance string   `json:"instance"`
	Code     api.Code `json:"code"`
	Hint     string   `json:"hint"`
	Position *struct {
		Line   int `json:"line"`
		Column int `json:"column"`
		Offset int `json:"offset"`
	} `json:"position"`
	// Raw is the answer as it came.
	Raw []byte `json:"-"`
}

// Error implements error.
func (p *Problem) Error() string {
	if p.Detail == "" {
		return fmt.Sprintf("%s: %s", p.Code, p.Title)
	}
	return fmt.Sprintf("%s: %s", p.Code, p.Detail)
}

// Exit is the command line's exit code.
func (p *Problem) Exit() int { return p.Code.Traits().Exit }

// elsewhere tells whether another node may do what this one did not.
func (p *Problem) elsewhere() bool { return p.Status == http.StatusServiceUnavailable }

func problemOf(response *http.Response, answer []byte) error {
	p := &Problem{Raw: answer}
	if json.Unmarshal(answer, p) != nil || p.Code == "" {
		// /ready answers 503 with a body of its own, and what is not Nexus answers what it likes.
		return &Problem{Status: response.StatusCode, Title: http.StatusText(response.StatusCode), Raw: answer,
			Code: codeOf(response.StatusCode), Detail: fmt.Sprintf("answered %s", response.Status)}
	}
	return p
}

// codeOf stands in where an answer has no code.
func codeOf(status int) api.Code {
	switch status {
	case http.StatusUnauthorized:
		return api.CodeInvalidToken
	case http.StatusNotFound:
		return api.CodeNotFound
	case http.StatusServiceUnavailable:
		return api.CodeNotReady
	}
	return api.CodeInternal
}

package mcp

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/tenancy"
)

// gate stands before every method: a caller lists and calls what his functions name. Anything else does not exist for
// him, and is answered as what exists for nobody.
func (d *Door) gate(next mcp.MethodHandler) mcp.MethodHandler {
	return func(ctx context.Context, method string, request mcp.Request) (answer mcp.Result, err error) {
		defer func() {
			if thrown := recover(); thrown != nil {
				d.logger.Error("panic in a tool", "method", method, "panic", thrown, "stack", string(debug.Stack()))
				answer, err = nil, &jsonrpc.Error{Code: jsonrpc.CodeInternalError, Message: "something went wrong inside"}
			}
		}()
		c, err := callerOf(ctx)
		if err != nil {
			return nil, err
		}
		if err := refuseUnknown(c.Caller, request); err != nil {
			return nil, err
		}
		answer, err = next(ctx, method, request)
		if err != nil {
			return nil, err
		}
		hide(c.Principal, answer)
		return answer, nil
	}
}

// notGranted is what the records say of what the caller was told does not exist.
var notGranted = api.Refuse(api.CodeFunctionNotAllowed, "not granted, or unknown")

// refuseUnknown refuses what does not exist for the caller.
func refuseUnknown(c Caller, request mcp.Request) error {
	p := c.Principal
	switch r := request.(type) {
	case *mcp.CallToolRequest:
		t, found := lookup(r.Params.Name)
		if found {
			c.Told.Function = t.function
		}
		if !found || !t.may(p) {
			c.Told.Refused = notGranted
			return &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: fmt.Sprintf("unknown tool %q", clip(r.Params.Name))}
		}
	case *mcp.ReadResourceRequest:
		res, found := lookupResource(r.Params.URI)
		if found {
			c.Told.Function = res.function
		}
		if !found || !p.Allows(res.function) {
			c.Told.Refused = notGranted
			return mcp.ResourceNotFoundError(clip(r.Params.URI))
		}
	case *mcp.GetPromptRequest:
		c.Told.Function = primerFunction
		if r.Params.Name != primer.Name || !p.Allows(primerFunction) {
			c.Told.Refused = notGranted
			return &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: fmt.Sprintf("unknown prompt %q", clip(r.Params.Name))}
		}
	}
	return nil
}

// hide takes out of a listing what does not exist for the caller.
func hide(p tenancy.Principal, answer mcp.Result) {
	switch a := answer.(type) {
	case *mcp.ListToolsResult:
		a.Tools = slices.DeleteFunc(a.Tools, func(shown *mcp.Tool) bool {
			t, found := lookup(shown.Name)
			return !found || !t.may(p)
		})
	case *mcp.ListResourcesResult:
		a.Resources = slices.DeleteFunc(a.Resources, func(shown *mcp.Resource) bool {
			r, found := lookupResource(shown.URI)
			return !found || !p.Allows(r.function)
		})
	case *mcp.ListPromptsResult:
		if !p.Allows(primerFunction) {
			a.Prompts = []*mcp.Prompt{}
		}
	}
}

package tenancy

// Function is a permission name: what a route, tool, peer call or plan needs. Its field is unexported, so that
// nothing can be registered under a name the table lacks. The zero value is no function and is never allowed.
type Function struct{ number uint8 }

// Authenticator is who proves himself before a Function is asked for (PROTOCOL R33). These are the only ways in.
type Authenticator uint8

// The authenticators.
const (
	// ByNobody is the authenticator of the zero Function.
	ByNobody Authenticator = iota
	// ByKey asks for a key of a tenant or of the operator.
	ByKey
	// ByPeerCertificate asks for a certificate of this cluster's CA.
	ByPeerCertificate
	// ByJoinToken asks for a join token.
	ByJoinToken
	// ByHubSignature asks for the hub's signature over the body.
	ByHubSignature
)

// String names the authenticator.
func (a Authenticator) String() string {
	switch a {
	case ByKey:
		return "key"
	case ByPeerCertificate:
		return "peer certificate"
	case ByJoinToken:
		return "join token"
	case ByHubSignature:
		return "hub signature"
	default:
		return "nobody"
	}
}

// Name is the permission name, "" for the zero Function.
func (f Function) Name() string { return f.row().name }

// String is the permission name.
func (f Function) String() string { return f.row().name }

// IsZero reports whether it is no function at all.
func (f Function) IsZero() bool { return f.number == 0 }

// Authenticator is who proves himself before the function is asked for.
func (f Function) Authenticator() Authenticator { return f.row().authenticator }

// Administrative reports whether only operator keys may ever have the function.
func (f Function) Administrative() bool { return f.row().administrative }

// Charged reports whether a call of a route or tool registered with the function costs a request unit. A call
// by plan is charged whatever function its plan then asks for.
func (f Function) Charged() bool { return f.row().charged }

// Writes reports whether what the function allows changes a tenant's data or schema. mcp.execute_cypher does by its plan.
func (f Function) Writes() bool { return f.row().writes }

// Tool is the name of the MCP tool whose function this is, "" for others.
func (f Function) Tool() string {
	if name := f.row().name; len(name) > len(toolPrefix) && name[:len(toolPrefix)] == toolPrefix {
		return name[len(toolPrefix):]
	}
	return ""
}

// Grantable reports whether the function may stand in a key's allowed_functions.
func (f Function) Grantable() bool {
	return f.number > 0 && f.number <= lastListed && f.Authenticator() == ByKey
}

// Functions lists every function in the table's order: first the tenants', then the operator's, then those that
// are not asked of keys. ByPlan and AnyKey are markers and not in it. The slice is the caller's.
func Functions() []Function {
	list := make([]Function, 0, lastListed)
	for number := uint8(1); number <= lastListed; number++ {
		list = append(list, Function{number})
	}
	return list
}

// LookupFunction finds a function by its permission name.
func LookupFunction(name string) (Function, bool) {
	for number := uint8(1); number <= lastListed; number++ {
		if functionTable[number].name == name {
			return Function{number}, true
		}
	}
	return Function{}, false
}

// LookupTool finds the function of an MCP tool by the tool's name.
func LookupTool(tool string) (Function, bool) {
	for number := uint8(1); number <= lastListed; number++ {
		if f := (Function{number}); tool != "" && f.Tool() == tool {
			return f, true
		}
	}
	return Function{}, false
}

func (f Function) row() *functionRow {
	if int(f.number) >= len(functionTable) {
		return &functionTable[0]
	}
	return &functionTable[f.number]
}

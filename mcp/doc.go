// Package mcp is the door for agents: the graph as tools over the Model Context Protocol.
//
// It stands on floor 6 beside api/rest and is empty until its own issue: no route leads here and no tool is served. Its
// functions are in tenancy's registry already, so that a key's list may name them.
//
// It must never know more of the service than the methods that api.Service shows to every door.
package mcp

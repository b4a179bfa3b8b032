//go:build tools

// Pins grpcurl: go.mod and go.sum beside this file say which one the suite builds.
package tools

import _ "github.com/fullstorydev/grpcurl/cmd/grpcurl"

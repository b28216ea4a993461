//go:build tools

// Package pulumi pins the engine that is built where no official release can be had.
package pulumi

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"

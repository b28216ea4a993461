//go:build tools

// Package actionlint pins what reads workflows as their runner does.
package actionlint

import _ "github.com/rhysd/actionlint/cmd/actionlint"

package copier

import (
	"testing"

	"github.com/seatrial/seatrial"
)

func TestCopier(t *testing.T) {
	seatrial.Check(t, seatrial.Trial{
		Controller: Run, // func(ctx context.Context, cfg *rest.Config) error
		Objects: seatrial.YAML(`
{apiVersion: v1, kind: ConfigMap, metadata: {name: letter, labels: {copy-to: letter-copy}}, data: {text: dear all}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: letter, labels: {copy-to: letter-copy}}, data: {text: dear everybody}}`),
	})
}

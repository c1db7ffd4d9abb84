package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/seatrial/seatrial/differential/generate"
)

// remains is what cleaning up must know of an object or of a list.
type remains struct {
	Metadata struct {
		Name       string
		Finalizers []string
	}
	Items []remains
}

// clean removes what would get in the way of later sequences of this slot.
// Everything else stays where it is: in a namespace that is never used again.
func (j *judge) clean(ctx context.Context, slot int, namespace string) error {
	for _, path := range generate.Leftovers(slot, namespace) {
		code, found, err := j.admin(ctx, http.MethodGet, path, "")
		if err != nil {
			return err
		}
		if code != http.StatusOK {
			continue
		}
		if err := j.removeAll(ctx, path, found); err != nil {
			return err
		}
	}
	return nil
}

func (j *judge) removeAll(ctx context.Context, path string, found remains) error {
	if found.Metadata.Name != "" {
		return j.remove(ctx, path, found)
	}
	for _, o := range found.Items {
		if err := j.remove(ctx, path+"/"+o.Metadata.Name, o); err != nil {
			return err
		}
	}
	return nil
}

// remove deletes one object, finalizers or not. Taking the finalizers off one
// that is being deleted is what deletes it, so either call may find nothing.
func (j *judge) remove(ctx context.Context, path string, o remains) error {
	if len(o.Metadata.Finalizers) > 0 {
		if _, _, err := j.admin(ctx, http.MethodPatch, path, `{"metadata":{"finalizers":null}}`); err != nil {
			return err
		}
	}
	code, _, err := j.admin(ctx, http.MethodDelete, path, "")
	if err == nil && code != http.StatusOK && code != http.StatusNotFound {
		err = fmt.Errorf("deleting %s: status %d", path, code)
	}
	return err
}

// admin sends a request that is not part of a sequence.
func (j *judge) admin(ctx context.Context, method, path, patch string) (int, remains, error) {
	req, err := http.NewRequestWithContext(ctx, method, j.real.Base+path, bytes.NewReader([]byte(patch)))
	if err != nil {
		return 0, remains{}, err
	}
	for k, v := range j.real.Headers {
		req.Header.Set(k, v)
	}
	if patch != "" {
		req.Header.Set("Content-Type", "application/merge-patch+json")
	}
	resp, err := j.real.Transport.RoundTrip(req)
	if err != nil {
		return 0, remains{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, remains{}, err
	}
	var found remains
	if resp.StatusCode == http.StatusOK {
		if err := json.Unmarshal(body, &found); err != nil {
			return 0, remains{}, fmt.Errorf("%s %s: %w", method, path, err)
		}
	}
	return resp.StatusCode, found, nil
}

package corpus

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Encode is the case as it stands in a file.
func Encode(c *Case) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(c); err != nil {
		return nil, fmt.Errorf("encoding case %s: %w", c.Name, err)
	}
	return b.Bytes(), nil
}

// Save writes the case as dir/<name, with __ for />.json and returns the path.
func Save(dir string, c *Case) (string, error) {
	b, err := Encode(c)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, strings.ReplaceAll(c.Name, "/", "__")+".json")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("saving case %s: %w", c.Name, err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		return "", fmt.Errorf("saving case %s: %w", c.Name, err)
	}
	return path, nil
}

// Decode reads one case. Numbers keep their spelling.
func Decode(b []byte) (*Case, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	c := &Case{}
	if err := d.Decode(c); err != nil {
		return nil, fmt.Errorf("decoding case: %w", err)
	}
	return c, nil
}

// LoadAll reads every case of a folder, by file name.
func LoadAll(dir string) ([]*Case, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("listing cases in %s: %w", dir, err)
	}
	cases := make([]*Case, len(files))
	for i, file := range files { // Glob sorts
		if cases[i], err = Load(file); err != nil {
			return nil, err
		}
	}
	return cases, nil
}

// Load reads one case file.
func Load(path string) (*Case, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("loading case: %w", err)
	}
	c, err := Decode(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

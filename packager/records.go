package packager

import (
	"encoding/json"

	"github.com/kubeoci/oci/internal/records"
)

// ErrInvalidCache reports a [Cache.Dir] that cannot be used.
var ErrInvalidCache = records.ErrInvalid

// dir returns the directory of the records, with those of a key and of others that differ
// only by the content of the files as a group, and whether there is one.
func (c *Cache) dir(key recordKey) (records.Dir, bool) {
	const maxBytes = 4 << 10 // several times the size of a record
	return records.Dir{
		Path: c.Dir, Option: "Cache.Layer.Dir", Suffix: ".layer.json", Group: key.withoutFiles().text(),
		MaxBytes: maxBytes, MaxTotal: records.MaxFiles * maxBytes,
	}, c.Dir != "" && compressorVersion() != ""
}

// mayHave reports whether there may be the record of a key, whose files were not read yet. It
// checks the directory.
func (c *Cache) mayHave(key recordKey) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for known := range c.records {
		if known.withoutFiles() == key {
			return true, nil
		}
	}
	dir, some := c.dir(key)
	if !some {
		return false, nil
	}
	empty, err := dir.IsEmpty()
	return !empty && err == nil, err
}

// recall returns the record of a key.
func (c *Cache) recall(key recordKey) (record, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r, found := c.records[key]; found {
		return r, true
	}
	dir, some := c.dir(key)
	if !some {
		return record{}, false
	}
	text, err := dir.Read(key.text())
	if err != nil {
		return record{}, false
	}
	var r record
	if json.Unmarshal(text, &r) != nil || r.Key != key || r.Size <= 0 || r.Sum.Validate() != nil || r.Content.Validate() != nil {
		return record{}, false
	}
	return r, true
}

// remember keeps a record. One that cannot be written is no error: the next process packs
// again.
func (c *Cache) remember(r record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.records == nil || len(c.records) >= records.MaxFiles {
		c.records = map[recordKey]record{}
	}
	before, found := c.records[r.Key]
	c.records[r.Key] = r
	dir, some := c.dir(r.Key)
	if !some || found && before == r {
		return
	}
	if text, err := json.Marshal(r); err == nil {
		dir.Write(r.Key.text(), text)
	}
}

func (k recordKey) text() []byte {
	text, _ := json.Marshal(k) // strings and a number
	return text
}

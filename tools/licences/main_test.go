package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	isc = `Copyright (c) 2026 Somebody

Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted, provided that the above copyright notice and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
`
	gpl = `This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any later version.

This program is distributed in the hope that it will be useful, but WITHOUT ANY WARRANTY; without even the implied warranty of MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the GNU General Public License for more details.

You should have received a copy of the GNU General Public License along with this program.  If not, see <https://www.gnu.org/licenses/>.
`
	other = "You may look at this program, and do nothing else with it. All other rights are ours."
)

func TestLicencesOf(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  string // the licences, or a part of the error
	}{
		{"one", map[string]string{"LICENSE": isc}, "ISC"},
		{"another spelling", map[string]string{"Licence.md": isc}, "ISC"},
		{"two in a file", map[string]string{"COPYING": isc + gpl}, "GPL-3.0-or-later ISC"},
		{"one for each of two files", map[string]string{"LICENSE": isc, "LICENSE-GPL.txt": gpl}, "GPL-3.0-or-later ISC"},
		{"one above the package", map[string]string{"LICENSE": isc, "a/LICENSE": gpl}, "GPL-3.0-or-later ISC"},
		{"one of a package that is not used", map[string]string{"LICENSE": isc, "c/LICENSE": gpl}, "ISC"},
		{"one for documents", map[string]string{"LICENSE": isc, "LICENSE.docs": other}, "ISC"},
		{"unknown", map[string]string{"LICENSE": other}, "LICENSE: 0 %"},
		{"none", map[string]string{"README.md": isc}, "no licence found"},
		{"none of the module", map[string]string{"a/LICENSE": isc}, "no licence found"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := t.TempDir()
			used := filepath.Join(root, "a", "b")
			for _, dir := range []string{used, filepath.Join(root, "c")} {
				if err := os.MkdirAll(dir, 0o700); err != nil {
					t.Fatal(err)
				}
			}
			for name, text := range tt.files {
				if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, err := licencesOf(root, []string{used})
			if text := strings.Join(got, " "); err == nil && text != tt.want {
				t.Errorf("got %s, want %s", text, tt.want)
			}
			if err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Error(err)
			}
		})
	}
}

// The check finds the modules, and fails if one is not allowed.
func TestRun(t *testing.T) {
	var out strings.Builder
	if err := run(&out, "../..", allowed); err != nil {
		t.Error(err)
	}
	err := run(&out, "../..", []string{"BSD-3-Clause"})
	if err == nil || !strings.Contains(err.Error(), "oras.land/oras-go/v2: licence Apache-2.0 is not allowed") || strings.Contains(err.Error(), "x/sync") {
		t.Error("got", err)
	}
}

package bench

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The columns of a file of transactions, and how many fields a row needs.
var columns = []string{"time", "customer_id", "terminal_id", "amount", "fraud", "scenario"}

// ParseRow reads a row of a file of transactions: time is in Unix seconds, amount
// in dollars and cents. The user is customer_id + 1, since a user's id is
// positive; the terminal becomes the device. Its Method is not known yet.
func ParseRow(row []string) (Payment, error) {
	if len(row) != len(columns) {
		return Payment{}, fmt.Errorf("%d fields, not %d", len(row), len(columns))
	}
	at, err := strconv.ParseInt(row[0], 10, 64)
	if err != nil {
		return Payment{}, fmt.Errorf("time %q is not in Unix seconds", row[0])
	}
	customer, err := strconv.ParseInt(row[1], 10, 62)
	if err != nil || customer < 0 {
		return Payment{}, fmt.Errorf("customer_id %q is not a number from 0", row[1])
	}
	if row[2] == "" || !digits(row[2]) {
		return Payment{}, fmt.Errorf("terminal_id %q is not a number from 0", row[2])
	}
	minor, err := ParseMinor(row[3], 2)
	if err != nil {
		return Payment{}, err
	}
	return Payment{
		UserID: customer + 1, Minor: minor, Device: strings.Clone(row[2]), OccurredAt: time.Unix(at, 0).UTC(),
	}, nil
}

// errColumns is about a file of something else.
var errColumns = errors.New("the first line must be " + strings.Join(columns, ","))

// readRows yields the payments of a .csv or .csv.gz file in order, at most limit
// of them (0: all), those with amount 0 too. An error ends it.
func readRows(name string, limit int64) iter.Seq2[Payment, error] {
	return func(yield func(Payment, error) bool) {
		file, err := os.Open(name)
		if err != nil {
			yield(Payment{}, err)
			return
		}
		defer func() { _ = file.Close() }() // it was only read
		var in io.Reader = file
		if strings.HasSuffix(name, ".gz") {
			if in, err = gzip.NewReader(file); err != nil {
				yield(Payment{}, fmt.Errorf("%s: %w", name, err))
				return
			}
		}
		if err := parseRows(in, limit, yield); err != nil {
			yield(Payment{}, fmt.Errorf("%s: %w", name, err))
		}
	}
}

// parseRows hands over the rows until yield wants no more.
func parseRows(in io.Reader, limit int64, yield func(Payment, error) bool) error {
	rows := csv.NewReader(in)
	rows.ReuseRecord = true
	header, err := rows.Read()
	if err != nil {
		return err
	}
	if !slices.Equal(header, columns) {
		return errColumns
	}
	for n := int64(0); limit == 0 || n < limit; n++ {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		p, err := ParseRow(row)
		if err != nil {
			line, _ := rows.FieldPos(0)
			return fmt.Errorf("line %d: %w", line, err)
		}
		if !yield(p, nil) {
			return nil
		}
	}
	return nil
}

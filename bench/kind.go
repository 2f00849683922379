package bench

import "strconv"

// kind is what a client asks for in a request, or in an item of a batch.
type kind uint8

const (
	pays       kind = iota // a payment, captured at once
	authorizes             // a payment with manual capture
	captures               // all of what was authorized
	refunds                // a part of a payment, or all of it
	moves                  // a transfer
	adjusts                // an adjustment of a wallet, up or down
	kinds
)

// pays and authorizes make payments: the journal is of these.
func (k kind) isPayment() bool { return k == pays || k == authorizes }

// done is the status of what was done for good.
func (k kind) done() string {
	if k == authorizes {
		return "requires_capture"
	}
	return "succeeded"
}

// status is how HTTP says so.
func (k kind) status() int {
	if k == captures {
		return 200
	}
	return 201
}

// name is the plural of what is made.
func (k kind) name() string {
	return [kinds]string{"payments", "payments", "captures", "refunds", "transfers", "adjustments"}[k]
}

// path is where a single one is asked for.
func (k kind) path(p *Payment) string {
	switch k {
	case captures:
		return pathPayments + "/" + p.Of + "/capture"
	case refunds:
		return pathRefunds
	case moves:
		return pathTransfers
	case adjusts:
		return pathWallets + "/" + strconv.FormatInt(p.UserID, 10) + "/adjustments"
	case pays, authorizes, kinds:
	}
	return pathPayments
}

// body appends what that path takes. The key tells an adjustment from others.
func (k kind) body(dst []byte, p *Payment, key []byte) []byte {
	switch k {
	case captures:
		return append(dst, `{}`...)
	case refunds:
		dst = append(append(dst, `{"payment":"`...), p.Of...)
		dst = strconv.AppendInt(append(dst, `","amount":`...), p.Minor, 10)
		return append(dst, '}')
	case moves:
		return appendTransfer(dst, p)
	case adjusts:
		return appendAdjustment(dst, p.Minor, key)
	case pays, authorizes, kinds:
	}
	return appendPayment(dst, p)
}

// appendAdjustment appends what POST /api/v1/wallets/{user_id}/adjustments takes.
func appendAdjustment(dst []byte, minor int64, key []byte) []byte {
	dst = strconv.AppendInt(append(dst, `{"amount":`...), minor, 10)
	dst = append(dst, `,"currency":"`+currency+`","reason":"bench","transaction_id":"`...)
	return append(append(dst, key...), `"}`...)
}

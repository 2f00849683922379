package flow

import (
	"florin/commit"
	"florin/fraud"
	"florin/money"
	"florin/payment"
	"florin/store"
)

// A payment from the wallet is made, charged and told in Tx 1: there is no
// gateway to call.

// chooseWallet scores a payment from the wallet and names its attempt.
func (s *Service) chooseWallet(
	userID int64, amount money.Amount, confirm bool,
) (start payment.Start, blocked bool, err error) {
	if !confirm {
		return start, false, nil
	}
	score := s.cfg.Scorer.Score(fraud.Request{
		UserID: userID, AmountMinor: amount.Minor, Currency: string(amount.Currency),
	})
	start = payment.Start{Attempt: s.cfg.IDs.New(userID), Gateway: payment.Wallet}
	return start, score.Declines(s.cfg.FraudThreshold), nil
}

// fromWallet returns the charge of a wallet; nil for any other method.
func (s *Service) fromWallet(method string, start payment.Start) *payment.FromWallet {
	if method != payment.Wallet {
		return nil
	}
	return &payment.FromWallet{
		Attempt: start.Attempt, Capture: s.cfg.IDs.New(int64(start.Attempt.Bucket())), At: s.now(),
	}
}

// walletPayment adds what a charge of a wallet reads; nothing for any other.
func walletPayment(k *store.Keys, w *payment.FromWallet, userID int64, amount money.Amount) {
	if w != nil {
		k.Accounts = append(k.Accounts, walletKeys(userID, amount.Currency).Accounts...)
	}
}

// look finds out whether a wallet that is to be charged has too little.
func look(v *commit.View, w *payment.FromWallet, userID int64, amount money.Amount) error {
	if w == nil {
		return nil
	}
	balance, err := balanceOf(v, userID, amount.Currency)
	if err != nil {
		return err
	}
	left, err := balance.Add(-amount.Minor)
	w.Short = left.Negative()
	return err
}

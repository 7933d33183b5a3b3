namespace Seguro.Stores;

/// <summary>A write may have happened, and patience ended before it could be found out.</summary>
sealed class UnknownOutcomeException(Exception cause) : Exception(cause.Message, cause);

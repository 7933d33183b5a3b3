using Seguro.Nouns;

namespace Seguro.Nock.Kernels;

/// <summary>
/// A Nock formula that is still to be told where things are: it uses names, and becomes a noun when it is known which axes they have.
/// Made by <see cref="Formulas"/>. A number stands for itself, a text for what has that name.
/// </summary>
public sealed class Formula
{
    private readonly Func<Scope, Noun> _make;

    internal Formula(Func<Scope, Noun> make) => _make = make;

    /// <summary>The formula of a constant number.</summary>
    public static implicit operator Formula(int value) => Formulas.Value(value);

    /// <summary>The formula that gets what has the name.</summary>
    public static implicit operator Formula(string name) => new(scope => scope.Get(name));

    /// <summary>The formula for a subject in which nothing has a name.</summary>
    /// <exception cref="InvalidOperationException">It uses a name that nothing has.</exception>
    public Noun ToNoun() => In(Scope.Empty);

    internal Noun In(Scope scope) => _make(scope);
}

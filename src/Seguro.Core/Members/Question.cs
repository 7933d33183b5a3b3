namespace Seguro.Core;

/// <summary>
/// What a member asks its shell for, one at a time, with one answer to each. An answer to what was not asked, or a second question, would mean that the two do not speak of the same:
/// the member ends before it acts on that.
/// </summary>
/// <param name="about">What is asked, as the subject of a sentence.</param>
internal sealed class Question(string about)
{
    /// <summary>It was asked and not answered.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>It is asked.</summary>
    /// <exception cref="BrokenInvariantException">An earlier one is not answered yet.</exception>
    public void Ask()
    {
        if (IsOpen)
            throw new BrokenInvariantException($"{about} is asked for one thing at a time");
        IsOpen = true;
    }

    /// <summary>It is answered.</summary>
    /// <exception cref="BrokenInvariantException">It was not asked.</exception>
    public void Done()
    {
        if (!IsOpen)
            throw new BrokenInvariantException($"{about} answers what it was asked, and nothing else");
        IsOpen = false;
    }
}
